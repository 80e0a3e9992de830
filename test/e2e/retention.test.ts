import assert from 'node:assert/strict';
import { Redis } from 'ioredis';
import type { Message, Tombstone } from '../../src/message.ts';
import { roomKeys } from '../../src/rooms/keys.ts';
import { createPool } from '../../src/store/pool.ts';
import { reportOf, runCommand } from '../support/audit.ts';
import { http } from '../support/gateway.ts';
import type { PurgeFault } from '../support/retention/mortal-purge.ts';
import { openSocket, SECRET, type ServerFrame, type Socket, token } from '../support/socket.ts';
import { freeDatabase, stack } from '../support/stack.ts';
import { call, type HistoryPage, startSystem, wholeHistory } from '../support/system.ts';
import { until } from '../support/until.ts';

const MORTAL = new URL('../support/retention/mortal-purge.ts', import.meta.url);
const LOG_ENTRIES = 120;

/** What is older than its room keeps, in the running system: for those who are there, who join, and in history. */
describe('retention', function () {
  this.timeout(240_000);
  let system: Awaited<ReturnType<typeof startSystem>>;
  let env: Record<string, string>;
  let redis: Redis;
  let pool: ReturnType<typeof createPool>;
  let ann: Socket;
  let ben: Socket;
  before(async () => {
    const services = await stack();
    env = {
      REDIS_URL: `${services.redisUrl}/6`,
      TEMPORAL_ADDRESS: services.temporalAddress,
      TEMPORAL_TASK_QUEUE: `retention-${process.pid}`,
      DATABASE_URL: await freeDatabase(),
      AUTH_SECRET: SECRET,
      ROOM_LOG_ENTRIES: String(LOG_ENTRIES),
    };
    system = await startSystem({ env });
    redis = new Redis(env.REDIS_URL!, { commandTimeout: 30_000 });
    pool = createPool({ databaseUrl: env.DATABASE_URL!, size: 2, timeoutMs: 30_000, name: 'test' });
    ann = await openSocket(system.urls[0]!, 'ann');
    ben = await openSocket(system.urls[0]!, 'ben');
  });
  after(async () => {
    await Promise.all([ann?.close(), ben?.close()]);
    redis?.disconnect();
    await pool?.end();
    await system?.close();
  });

  let rooms = 0;
  async function newRoom() {
    rooms += 1;
    const room = `kept-${rooms}`;
    for (const member of [ann, ben]) await member.ask({ type: 'join', room, recent: 0 });
    return room;
  }
  let sent = 0;
  async function send(room: string, count: number, text = 'line'): Promise<number[]> {
    const ids: number[] = [];
    for (let i = 0; i < count; i += 1) {
      sent += 1;
      const ack = await ann.ask({ type: 'send', room, clientId: `c${sent}`, content: `${text} ${sent}` });
      assert.equal(ack.type, 'ack', JSON.stringify(ack));
      ids.push(ack.id as number);
    }
    return ids;
  }
  const history = async (room: string) =>
    (await call(system.urls[0]!, `/v1/rooms/${room}/messages?limit=100`, 'ben')).body as HistoryPage;
  async function stored(room: string, through: number) {
    const reached = async () => ((await history(room)).processedThrough ?? 0) >= through;
    await until(`${room} is stored up to ${through}`, reached, 60_000);
  }
  const age = (room: string, ids: number[], days: number) =>
    pool.query(
      'UPDATE messages SET created_at = created_at - make_interval(days => $3) WHERE room = $1 AND id = ANY($2)',
      [room, ids, days],
    );
  const headers = async (role: string) => ({
    authorization: `Bearer ${await token(role, { roles: [role] })}`,
  });
  async function keep(room: string, days: number | null) {
    const { status } = await http(system.urls[0]!, `/v1/rooms/${room}/retention`, {
      method: 'PUT',
      headers: await headers('admin'),
      body: { days, reason: 'a test' },
    });
    assert.equal(status, 200);
  }
  const removals = ({ frames }: Socket, room: string) =>
    frames.filter(frame => frame.type === 'message.removed' && frame.room === room);
  const removedBy = (socket: Socket, room: string) =>
    removals(socket, room).flatMap(({ ids, reason }) => (ids as number[]).map(id => `${id} ${reason}`));
  const gone = (messages: (Message | Tombstone)[]) =>
    messages.filter(({ status, reason }) => status === 'removed' && reason === 'expired').map(({ id }) => id);
  async function purge() {
    const { code, out, err } = await runCommand('purge', env);
    assert.equal(code, 0, err);
    return out;
  }
  async function clean() {
    const { findings, code } = await reportOf(env);
    assert.deepEqual([findings, code], [[], 0]);
  }
  /** One frame an offset, in order. */
  function whole(socket: Socket, room: string) {
    const offsets = socket.liveOffsets(room);
    assert.deepEqual(
      offsets,
      offsets.map((_, i) => offsets[0]! + i),
    );
  }

  it('turns what is too old into tombstones, tells those who are there, and changes nothing again', async () => {
    const [room, other] = [await newRoom(), await newRoom()];
    const ids = await send(room, 8, 'sesame');
    const [rude] = await send(room, 1, 'what a load of shit');
    const [deleted] = await send(room, 1);
    const end = await ann.ask({ type: 'delete', room, id: deleted });
    await stored(room, end.offset as number);
    const [elsewhere] = await send(other, 1);
    await stored(other, elsewhere!);
    const before = await history(room);
    const old = [...ids.slice(0, 5), rude!, deleted!];
    await age(room, old, 31);
    await age(other, [elsewhere!], 31);
    await keep(room, 30);

    assert.equal(await purge(), '7 messages of 1 rooms and 0 dead letters have expired\n');
    const told = [...ids.slice(0, 5), rude!];
    await until('both have heard', () =>
      [ann, ben].every(one => removedBy(one, room).length >= told.length + 1),
    );
    for (const member of [ann, ben]) {
      const expired = removals(member, room).filter(({ reason }) => reason === 'expired');
      assert.deepEqual(
        expired.map(frame => frame.ids),
        [told],
        'one entry, and what was deleted is no news',
      );
      whole(member, room);
    }
    const page = await history(room);
    assert.deepEqual(gone(page.messages), told);
    assert.equal(page.messages.find(({ id }) => id === deleted)?.reason, 'deleted');
    assert.equal(page.messages.filter(message => 'content' in message).length, 3);
    assert.ok(
      (page.processedThrough ?? 0) >= removals(ben, room).at(-1)!.offset!,
      'the store reflects the entry',
    );
    assert.equal(gone((await history(other)).messages).length, 0);

    // Whoever comes with the history of before, or from the beginning, is told; nobody gets a text.
    const late = await openSocket(system.urls[0]!, 'cara');
    const since = { epoch: before.epoch, offset: before.processedThrough };
    const joined = await late.ask({ type: 'join', room, since });
    assert.deepEqual(
      (joined.events as ServerFrame[]).map(({ ids, reason }) => [ids, reason]),
      [[told, 'expired']],
    );
    const anew = await late.ask({ type: 'join', room, since: { epoch: before.epoch, offset: 0 } });
    const names = (anew.events as ServerFrame[]).flatMap(frame => (frame.ids as number[] | undefined) ?? []);
    assert.deepEqual(
      told.filter(id => !names.includes(id)),
      [],
    );
    const moderator = { as: 'mod', headers: await headers('moderator') };
    const seen = await http(system.urls[0]!, `/v1/rooms/${room}/messages?limit=100`, moderator);
    assert.equal(/sesame (1|2|3|4|5)"|shit/.test(JSON.stringify([anew.events, seen.body])), false);
    await late.close();

    const { rows } = await pool.query('SELECT * FROM messages WHERE room = $1 AND id = $2', [room, rude]);
    for (const column of [
      'name',
      'content',
      'shown',
      'verdict',
      'versions',
      'language',
      'sentiment',
      'decision',
    ])
      assert.equal(rows[0][column], null, column);
    assert.equal(await purge(), '0 messages of 0 rooms and 0 dead letters have expired\n');
    const edit = await ann.ask({ type: 'edit', room, id: ids[0], content: 'anew' });
    assert.equal(edit.code, 'not_found');
    await clean();
  });

  it('tells of messages that the log has forgotten, in few entries, without remembering them again', async () => {
    const room = await newRoom();
    const ids = await send(room, 40);
    await stored(room, ids.at(-1)!);
    for (let i = 0; i < 5; i += 1) await stored(room, (await send(room, LOG_ENTRIES / 4)).at(-1)!);
    const { log, state } = roomKeys(room, 16);
    assert.equal(await redis.hexists(state, String(ids[0])), 0, 'the log has forgotten it');
    const since = await history(room);
    await age(room, ids, 3);
    await keep(room, 2);
    await purge();
    await until('ben has heard', () => removedBy(ben, room).length === ids.length);
    assert.equal(removals(ben, room).length, 1);
    assert.equal(await redis.hexists(state, String(ids[0])), 0);
    whole(ben, room);
    const cara = await openSocket(system.urls[0]!, 'cara');
    const from = { epoch: since.epoch, offset: since.processedThrough };
    const joined = await cara.ask({ type: 'join', room, since: from });
    assert.deepEqual(
      (joined.events as ServerFrame[]).map(frame => frame.ids),
      [ids],
    );
    await cara.close();
    assert.ok((await redis.xlen(log)) > 0);
    await clean();
  });

  it('leaves the order of default, room and for good as it is set', async () => {
    const [own, inheriting, forGood] = [await newRoom(), await newRoom(), await newRoom()];
    const ids = new Map<string, number>();
    for (const room of [own, inheriting, forGood]) {
      const [id] = await send(room, 1);
      await stored(room, id!);
      await age(room, [id!], 10);
      ids.set(room, id!);
    }
    await keep(own, 20);
    await keep(forGood, null);
    const admin = { headers: await headers('admin') };
    const set = { ...admin, method: 'PUT', body: { days: 5 } };
    assert.equal((await http(system.urls[0]!, '/v1/retention', set)).status, 200);
    try {
      await purge();
      const expired = async (room: string) => gone((await history(room)).messages);
      assert.deepEqual(await expired(inheriting), [ids.get(inheriting)]);
      assert.deepEqual([await expired(own), await expired(forGood)], [[], []]);
    } finally {
      const lifted = await http(system.urls[0]!, '/v1/retention', { ...admin, method: 'DELETE' });
      assert.equal(lifted.status, 204);
    }
  });

  it('takes an edit that is under way for what it is: of a message that has expired', async () => {
    const room = await newRoom();
    const [id] = await send(room, 1);
    await stored(room, id!);
    system.worker().kill('SIGTERM');
    await system.worker().exited;
    const edit = await ann.ask({ type: 'edit', room, id, content: 'sesame, edited' });
    await age(room, [id!], 9);
    await keep(room, 5);
    await purge();
    await until('ben has heard', () => removedBy(ben, room).length === 1);
    await system.replaceWorker();
    await stored(room, edit.offset as number);
    assert.deepEqual(gone((await history(room)).messages), [id]);
    const { rows } = await pool.query('SELECT revision, content FROM messages WHERE room = $1', [room]);
    assert.deepEqual(rows, [{ revision: 2, content: null }]);
    await clean();
  });

  it('repeats nothing and skips nothing where it is killed at any line', async () => {
    const room = await newRoom();
    const ids = await send(room, 60);
    await stored(room, ids.at(-1)!);
    await age(room, ids.slice(0, 50), 3);
    const end = (await history(room)).processedThrough!;
    await keep(room, 2);
    // The worker would tell what a killed purge leaves untold.
    system.worker().kill('SIGTERM');
    await system.worker().exited;
    const faults: PurgeFault[] = [
      'before the wiping',
      'after the wiping',
      'after the entry',
      'after it is noted',
    ];
    for (const FAULT of faults) {
      const { code } = await runCommand(MORTAL, { ...env, FAULT });
      assert.equal(code, null, `it was killed ${FAULT}`);
    }
    await purge();
    await until('ben has heard', () => removedBy(ben, room).length >= 50);
    assert.deepEqual(
      removedBy(ben, room),
      ids.slice(0, 50).map(id => `${id} expired`),
    );
    const added = removals(ben, room).map(({ offset }) => offset!);
    assert.deepEqual(added, [end + 1], 'one entry alone was added');
    whole(ben, room);
    assert.equal((await history(room)).processedThrough, end + 1);
    assert.deepEqual(gone(await wholeHistory(system.urls[0]!, room, 50)), ids.slice(0, 50));
    const trail = await pool.query('SELECT sum(messages)::integer AS messages FROM purges WHERE room = $1', [
      room,
    ]);
    assert.deepEqual(trail.rows, [{ messages: 50 }]);
    assert.equal((await pool.query('SELECT FROM untold')).rowCount, 0);
    await clean();
  });
});
