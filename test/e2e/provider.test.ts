import assert from 'node:assert/strict';
import { Redis } from 'ioredis';
import pg from 'pg';
import type { Message, Verdict } from '../../src/message.ts';
import { roomKeys } from '../../src/rooms/keys.ts';
import type { LoggedMessage } from '../../src/rooms/log-types.ts';
import { parseState } from '../../src/rooms/room-log.ts';
import { ANSWER, FAIL, type FakeProvider, HANG, startProvider } from '../support/provider.ts';
import { openSocket, type Socket, token } from '../support/socket.ts';
import { startSystem } from '../support/system.ts';
import { until } from '../support/until.ts';

type Noted = Message & { verdict?: Verdict };
const RULES = [
  { id: 'own/toxic', type: 'provider', category: 'toxicity', above: 0.9, action: 'block' },
  { id: 'own/flood', type: 'flood', above: 1_000, windowSeconds: 60, action: 'flag' },
  { id: 'own/word', type: 'words', words: ['marker'], action: 'mask' },
];
const COUNTED = { 'flood/60': 1 };

/** A provider behind the running system: what authors, members and moderators are told, and what is stored. */
describe('a moderation provider in the running system', function () {
  this.timeout(120_000);
  let provider: FakeProvider;
  let system: Awaited<ReturnType<typeof startSystem>>;
  let sockets: Socket[];
  let db: pg.Pool;
  let names = 0;
  before(async function () {
    this.timeout(240_000);
    provider = await startProvider();
    system = await startSystem({
      // It answers in this process, which may stall.
      env: { MODERATION_PROVIDER_URL: provider.url, MODERATION_PROVIDER_TIMEOUT_MS: '2000' },
    });
    db = new pg.Pool({ connectionString: system.databaseUrl, max: 1, connectionTimeoutMillis: 30_000 });
    const headers = { authorization: `Bearer ${await token('mod', { roles: ['moderator'] })}` };
    const url = system.urls[0]!;
    sockets = [
      await openSocket(url, 'ann'),
      await openSocket(url, 'bob'),
      await openSocket(url, 'mod', { headers }),
    ];
  });
  after(async function () {
    this.timeout(120_000);
    await Promise.all((sockets ?? []).map(socket => socket.close()));
    await system?.close();
    await db?.end();
    await provider?.close();
  });

  const newName = (of: string) => `${of}-${process.pid}-${++names}`;

  /** What a socket was told of a message after it was created. */
  function told({ frames }: Socket, room: string, id: unknown): string | undefined {
    for (const frame of frames) {
      if (frame.room !== room) continue;
      const message = (frame.messages as Message[] | undefined)?.find(one => one.id === id);
      if (frame.type === 'message.updated' && message) return message.status;
      if (frame.type === 'message.removed' && (frame.ids as unknown[]).includes(id))
        return `removed ${frame.reason}`;
    }
    return undefined;
  }

  /** What author, member and moderator are told, and the stored verdict. */
  async function outcome(room: string, content: string) {
    const [ann, bob, mod] = sockets as [Socket, Socket, Socket];
    const { id } = await ann.ask({ type: 'send', room, clientId: newName('c'), content });
    await until('all are told', () => sockets.every(one => told(one, room, id) !== undefined), 60_000);
    const noted = mod.frames
      .filter(frame => frame.room === room)
      .flatMap(frame => (frame.messages ?? []) as Noted[])
      .find(message => message.id === id);
    let stored: Verdict | undefined;
    await until('it is stored', async () => {
      const { rows } = await db.query<{ verdict: Verdict }>(
        'SELECT verdict FROM messages WHERE room = $1 AND id = $2',
        [room, id],
      );
      stored = rows[0]?.verdict;
      return stored !== undefined;
    });
    return { id, ann: told(ann, room, id), bob: told(bob, room, id), noted: noted?.verdict, stored: stored! };
  }

  /** The message as the room's log has it. */
  async function logged(room: string, id: unknown): Promise<LoggedMessage> {
    const redis = new Redis(system.services.redisUrl, { commandTimeout: 30_000 });
    try {
      return parseState((await redis.hget(roomKeys(room, 16).state, String(id)))!);
    } finally {
      redis.disconnect();
    }
  }

  /** What was fetched is in no frame, and in no answer to a moderator. */
  async function nowhereShown(room: string) {
    const authorization = `Bearer ${await token('mod', { roles: ['moderator'] })}`;
    for (const path of ['messages', 'moderation/queue']) {
      const response = await fetch(`${system.urls[0]}/v1/rooms/${room}/${path}`, {
        headers: { authorization },
        signal: AbortSignal.timeout(30_000),
      });
      const text = await response.text();
      assert.match(text, /"rules":\["own\/toxic"\]/, path);
      assert.doesNotMatch(text, /fetched/, path);
    }
    for (const { frames } of sockets) assert.doesNotMatch(JSON.stringify(frames), /fetched/);
  }

  /** A room with all in it whose policy has counted for the worker; it was not asked meanwhile. */
  async function newRoom(whenDown?: 'open' | 'closed') {
    const room = newName('provider');
    for (const socket of sockets) await socket.ask({ type: 'join', room, recent: 0 });
    const choice = whenDown === undefined ? {} : { provider: { whenDown } };
    const response = await fetch(`${system.urls[0]}/v1/rooms/${room}/policy`, {
      method: 'PUT',
      headers: {
        authorization: `Bearer ${await token('mod', { roles: ['moderator'] })}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({ version: 0, policy: { schema: 1, rules: RULES, ...choice } }),
      signal: AbortSignal.timeout(30_000),
    });
    assert.equal(response.status, 200, await response.text());
    const bob = sockets[1]!;
    await until('the policy counts', async () => {
      const { id } = await bob.ask({ type: 'send', room, clientId: newName('c'), content: 'a marker' });
      await until('it is judged', () => told(bob, room, id) !== undefined, 60_000);
      return told(bob, room, id) === 'masked';
    });
    return room;
  }

  /** Answers again, and waits until the breaker lets calls through. */
  async function recovered(room: string) {
    provider.behave(ANSWER);
    await until(
      'scores are there again',
      async () => (await outcome(room, 'hello')).stored.fetched?.scores !== undefined,
      60_000,
    );
  }

  it('has its scores decide, and its scores and the counts kept where no client sees them', async () => {
    const room = await newRoom();
    const bad = await outcome(room, 'a nasty text');
    assert.deepEqual([bad.ann, bad.bob], ['removed moderated', 'removed moderated']);
    assert.deepEqual(bad.stored.rules, ['own/toxic']);
    assert.deepEqual(bad.stored.fetched, { counts: COUNTED, scores: { toxicity: 0.93, spam: 0.1 } });
    assert.deepEqual(bad.noted?.hits, [
      { rule: 'own/toxic', action: 'block', spans: [[0, 12]], score: 0.93 },
    ]);
    await nowhereShown(room);
    assert.deepEqual((await logged(room, bad.id)).verdict, bad.stored);
    const good = await outcome(room, 'a nice text');
    assert.deepEqual([good.bob, good.stored.degraded], ['visible', undefined]);
    assert.deepEqual(good.stored.fetched?.scores, { toxicity: 0.02, spam: 0.1 });
  });

  it('is told nothing of rooms that have no rule for it', async () => {
    const room = newName('plain');
    for (const socket of sockets) await socket.ask({ type: 'join', room, recent: 0 });
    const { bob, stored } = await outcome(room, 'a nasty secret');
    assert.deepEqual([bob, stored.fetched], ['visible', undefined]);
    assert.ok(!provider.contents().includes('a nasty secret'));
  });

  it('while it is down: a closed room holds, an open one goes on, other rules judge, and it is let alone', async function () {
    this.timeout(120_000);
    const [open, closed] = [await newRoom('open'), await newRoom('closed')];
    for (const down of [FAIL, HANG]) {
      provider.behave(down);
      const held = await outcome(closed, 'a nasty text');
      assert.deepEqual([held.ann, held.bob], ['held', 'removed held']);
      assert.deepEqual(held.noted?.rules, ['provider/unavailable']);
      assert.deepEqual([held.stored.action, held.stored.degraded], ['hold', 'provider']);
      const passed = await outcome(open, 'a nasty text');
      assert.deepEqual([passed.ann, passed.bob], ['visible', 'visible']);
      assert.deepEqual([passed.stored.action, passed.stored.degraded], ['allow', 'provider']);
      assert.equal(passed.stored.fetched?.scores, undefined);
      assert.equal((await outcome(open, 'a marker')).bob, 'masked');
      await until(
        'it is let alone',
        async () => {
          const before = provider.asked.length;
          const { ann } = await outcome(closed, 'hello');
          assert.equal(ann, 'held');
          return provider.asked.length === before;
        },
        60_000,
      );
      await recovered(open);
      assert.equal((await outcome(closed, 'a nice text')).bob, 'visible');
      assert.equal((await outcome(closed, 'a nasty text')).bob, 'removed moderated');
    }
  });

  it('that hangs holds no other room up', async () => {
    const [ruled, plain] = [await newRoom('closed'), newName('plain')];
    for (const socket of sockets) await socket.ask({ type: 'join', room: plain, recent: 0 });
    provider.behave(HANG);
    const before = provider.asked.length;
    const waiting = outcome(ruled, 'is anybody there?');
    await until('it is asked', () => provider.asked.length > before);
    assert.equal((await outcome(plain, 'hello')).bob, 'visible');
    assert.equal((await waiting).ann, 'held');
    await recovered(ruled);
  });
});
