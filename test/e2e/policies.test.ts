import assert from 'node:assert/strict';
import type { Message } from '../../src/message.ts';
import { openSocket, type Socket, token } from '../support/socket.ts';
import { call, startSystem } from '../support/system.ts';
import { until } from '../support/until.ts';

/** Policies in the running system: set over HTTP, seen on sockets and in history. */
describe('policies of rooms', () => {
  let system: Awaited<ReturnType<typeof startSystem>>;
  let ann: Socket;
  let bob: Socket;
  let rooms = 0;
  before(async function () {
    this.timeout(240_000);
    system = await startSystem();
    [ann, bob] = [await openSocket(system.urls[0]!, 'ann'), await openSocket(system.urls[0]!, 'bob')];
  });
  after(async function () {
    this.timeout(120_000);
    await Promise.all([ann?.close(), bob?.close()]);
    await system?.close();
  });

  /** A room with both in it. */
  async function newRoom() {
    rooms += 1;
    const room = `policies-${process.pid}-${rooms}`;
    for (const socket of [ann, bob]) await socket.ask({ type: 'join', room, recent: 0 });
    return room;
  }

  /** What Bob was told of a message after it was created. */
  function told(room: string, id: unknown): string | undefined {
    for (const frame of bob.frames) {
      if (frame.room !== room) continue;
      const message = (frame.messages as Message[] | undefined)?.find(one => one.id === id);
      if (frame.type === 'message.updated' && message)
        return message.content === undefined ? message.status : `${message.status} ${message.content}`;
      if (frame.type === 'message.removed' && (frame.ids as unknown[]).includes(id))
        return `removed ${frame.reason}`;
    }
    return undefined;
  }

  async function outcome(socket: Socket, room: string, content: string) {
    const clientId = `c${Math.random().toString(36).slice(2)}`;
    const { id } = await socket.ask({ type: 'send', room, clientId, content });
    await until('bob is told of the outcome', () => told(room, id) !== undefined, 60_000);
    return { id, told: told(room, id) };
  }

  /** Sets a room's first policy, and waits until a word of it is masked; the messages for that are Bob's. */
  async function rule(room: string, ...rules: object[]) {
    const marker = { id: 'marker', type: 'words', words: ['marker'], action: 'mask' };
    const response = await fetch(`${system.urls[0]}/v1/rooms/${room}/policy`, {
      method: 'PUT',
      headers: {
        authorization: `Bearer ${await token('mod', { roles: ['moderator'] })}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({ version: 0, policy: { schema: 1, rules: [marker, ...rules] } }),
      signal: AbortSignal.timeout(30_000),
    });
    assert.equal(response.status, 200, await response.text());
    await until(
      'the policy counts',
      async () => (await outcome(bob, room, 'a marker')).told === 'masked a ******',
      60_000,
    );
  }

  it('count soon after they are set, live and in history, and touch no other room', async function () {
    this.timeout(120_000);
    const [ruled, plain] = [await newRoom(), await newRoom()];
    assert.equal((await outcome(ann, ruled, 'a flurb')).told, 'visible');
    await rule(
      ruled,
      { id: 'own/mask', type: 'words', words: ['flurb'], action: 'mask' },
      { id: 'own/block', type: 'words', words: ['snarg'], action: 'block' },
    );
    const masked = await outcome(ann, ruled, 'so f l u r b');
    assert.equal(masked.told, 'masked so * * * * *');
    const blocked = await outcome(ann, ruled, 'a snarg');
    assert.equal(blocked.told, 'removed moderated');
    assert.equal((await outcome(ann, plain, 'a flurb, a snarg')).told, 'visible');
    const stored = async (id: unknown) =>
      (await call(system.urls[0]!, `/v1/rooms/${ruled}/messages/${id}`, 'bob')).body as Message;
    await until(
      'history has both',
      async () =>
        (await stored(masked.id)).content === 'so * * * * *' &&
        (await stored(blocked.id)).status === 'removed',
      60_000,
    );
  });

  it('count what a user repeats, in the room alone that asks for it', async function () {
    this.timeout(120_000);
    const [ruled, plain] = [await newRoom(), await newRoom()];
    await rule(ruled, {
      id: 'own/repeats',
      type: 'repeats',
      above: 2,
      windowSeconds: 60,
      near: true,
      action: 'block',
    });
    const seen = [];
    for (const content of ['buy my stuff', 'BUY my stuff 2', 'stuff, buy my!', 'sell my stuff']) {
      seen.push((await outcome(ann, ruled, content)).told);
    }
    assert.deepEqual(seen, ['visible', 'visible', 'removed moderated', 'visible']);
    for (let i = 0; i < 4; i++) {
      assert.equal((await outcome(ann, plain, 'buy my stuff')).told, 'visible');
    }
  });

  it('count how much a user writes, each user alone', async function () {
    this.timeout(120_000);
    const ruled = await newRoom();
    await rule(ruled, { id: 'own/flood', type: 'flood', above: 3, windowSeconds: 120, action: 'bounce' });
    const seen = [];
    for (const content of ['one', 'two', 'three', 'four'])
      seen.push((await outcome(ann, ruled, content)).told);
    assert.deepEqual(seen, ['visible', 'visible', 'visible', 'removed moderated']);
  });
});
