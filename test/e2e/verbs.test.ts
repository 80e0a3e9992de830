import assert from 'node:assert/strict';
import type { Message } from '../../src/message.ts';
import { openSocket, type ServerFrame, type Socket } from '../support/socket.ts';
import { call, startSystem } from '../support/system.ts';
import { until } from '../support/until.ts';

/** edit, delete, typing, read and presence, as members on two gateways see them. */
describe('verbs over two gateways', () => {
  let system: Awaited<ReturnType<typeof startSystem>>;
  let rooms = 0;
  before(async function () {
    this.timeout(240_000);
    system = await startSystem({ gateways: 2 });
  });
  after(async function () {
    this.timeout(120_000);
    await system?.close();
  });

  /** Ann on one gateway and Bob on the other, in a room of their own. */
  async function pair() {
    rooms += 1;
    const room = `verbs-${process.pid}-${rooms}`;
    const [ann, bob] = [await openSocket(system.urls[0]!, 'ann'), await openSocket(system.urls[1]!, 'bob')];
    for (const socket of [ann, bob]) await socket.ask({ type: 'join', room, recent: 0 });
    return { room, ann, bob, close: () => Promise.all([ann.close(), bob.close()]) };
  }
  const say = (socket: Socket, room: string, content: string) =>
    socket.ask({ type: 'send', room, clientId: `c${Math.random().toString(36).slice(2)}`, content });
  const find = (socket: Socket, test: (frame: ServerFrame) => boolean) => socket.frames.find(test);
  const stored = async (room: string, id: unknown, test: (message: Message) => boolean) => {
    let message: Message | undefined;
    await until(
      'the store reflects it',
      async () => {
        const { status, body } = await call(system.urls[0]!, `/v1/rooms/${room}/messages/${id}`, 'ann');
        message = body as Message;
        return status === 200 && test(message);
      },
      60_000,
    );
    return message!;
  };

  it('edit: everyone sees the new text, then its outcome, and history has it', async () => {
    const { room, ann, bob, close } = await pair();
    const { id } = await say(ann, room, 'helo');
    const ack = await ann.ask({ type: 'edit', room, id, content: 'hello, you shithead' });
    assert.deepEqual([ack.type, ack.id, ack.revision, ack.duplicate], ['ack', id, 2, false]);
    const outcome = (frame: ServerFrame) =>
      frame.type === 'message.updated' &&
      (frame.messages as Message[]).some(
        one => one.id === id && one.revision === 2 && one.status === 'masked',
      );
    await until('bob sees the outcome', () => find(bob, outcome) !== undefined, 60_000);
    const message = await stored(room, id, one => one.revision === 2);
    assert.equal(message.content, 'hello, you ********');
    assert.ok(message.editedAt);
    assert.deepEqual(
      bob.liveOffsets(room),
      bob.liveOffsets(room).map((_, i) => i + 1),
    );
    await close();
  });

  it('delete: it is gone for everyone, and stands as a tombstone', async () => {
    const { room, ann, bob, close } = await pair();
    const { id } = await say(ann, room, 'regrettable');
    const ack = await ann.ask({ type: 'delete', room, id });
    assert.deepEqual([ack.type, ack.id, ack.duplicate], ['ack', id, false]);
    await until(
      'bob is told',
      () => find(bob, ({ type, reason }) => type === 'message.removed' && reason === 'deleted') !== undefined,
    );
    const tombstone = await stored(room, id, one => one.status === 'removed');
    assert.deepEqual(Object.keys(tombstone).sort(), ['id', 'reason', 'status', 'timestamp']);
    const again = await ann.ask({ type: 'delete', room, id });
    assert.deepEqual([again.type, again.duplicate], ['ack', true]);
    await close();
  });

  it('delete: a message that was stored long since goes the same way', async () => {
    const { room, ann, close } = await pair();
    const { id } = await say(ann, room, 'stored already');
    await stored(room, id, one => one.status === 'visible');
    await ann.ask({ type: 'delete', room, id });
    const tombstone = await stored(room, id, one => one.status === 'removed');
    assert.equal(tombstone.reason, 'deleted');
    await close();
  });

  it('refuses others, unknown messages, and rooms that are not joined', async () => {
    const { room, ann, bob, close } = await pair();
    const { id } = await say(ann, room, 'mine');
    const codeOf = async (frame: Record<string, unknown>) => (await bob.ask(frame)).code;
    assert.equal(await codeOf({ type: 'edit', room, id, content: 'x' }), 'forbidden');
    assert.equal(await codeOf({ type: 'delete', room, id }), 'forbidden');
    assert.equal(await codeOf({ type: 'edit', room, id: 999, content: 'x' }), 'not_found');
    assert.equal(await codeOf({ type: 'edit', room, id, content: ' ' }), 'content_empty');
    assert.equal(await codeOf({ type: 'delete', room, id: 0 }), 'invalid_field');
    for (const frame of [
      { type: 'edit', id, content: 'x' },
      { type: 'delete', id },
      { type: 'typing' },
      { type: 'read', through: 1 },
    ]) {
      assert.equal(await codeOf({ ...frame, room: `${room}-other` }), 'not_joined');
    }
    assert.equal((await bob.ask({ type: 'ping' })).type, 'pong');
    await close();
  });

  it('typing and read: told to the room, and remembered', async () => {
    const { room, ann, bob, close } = await pair();
    const { offset } = await say(ann, room, 'anybody here?');
    bob.socket.send(JSON.stringify({ type: 'typing', room }));
    bob.socket.send(JSON.stringify({ type: 'read', room, through: offset }));
    await until(
      'ann is told',
      () => find(ann, ({ type, through }) => type === 'receipt' && through === offset) !== undefined,
    );
    assert.deepEqual(
      find(ann, ({ type }) => type === 'typing'),
      { type: 'typing', room, user: 'bob' },
    );
    const again = await bob.ask({ type: 'join', room });
    assert.equal(again.readThrough, offset);
    await close();
  });

  it('presence: who comes is told, and who is here is in the answer to a join', async () => {
    const { room, ann, close } = await pair();
    const cleo = await openSocket(system.urls[1]!, 'cleo');
    const joined = await cleo.ask({ type: 'join', room });
    assert.deepEqual([joined.users, joined.members], [['ann', 'bob', 'cleo'], 3]);
    await until(
      'ann is told',
      () =>
        find(ann, frame => frame.type === 'presence' && (frame.joined as string[]).includes('cleo')) !==
        undefined,
    );
    await cleo.close();
    await until(
      'ann is told that she left',
      () =>
        find(ann, frame => frame.type === 'presence' && (frame.left as string[]).includes('cleo')) !==
        undefined,
      60_000,
    );
    await close();
  });

  it('presence: two who join at the same moment, on different gateways, know of each other', async () => {
    const sockets = [await openSocket(system.urls[0]!, 'ann'), await openSocket(system.urls[1]!, 'bob')];
    for (let i = 0; i < 10; i += 1) {
      const room = `verbs-${process.pid}-together-${i}`;
      const joined = await Promise.all(sockets.map(socket => socket.ask({ type: 'join', room })));
      await until('both know both', () =>
        sockets.every((socket, k) => {
          const heard = socket.frames.flatMap(frame =>
            frame.type === 'presence' && frame.room === room ? (frame.joined as string[]) : [],
          );
          return new Set([...(joined[k]!.users as string[]), ...heard]).size === 2;
        }),
      );
    }
    await Promise.all(sockets.map(socket => socket.close()));
  });
});
