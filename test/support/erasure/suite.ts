import assert from 'node:assert/strict';
import { Redis } from 'ioredis';
import type { Message, Tombstone } from '../../../src/message.ts';
import { freePort } from '../../../src/stack/ports.ts';
import type { ErasureRecord } from '../../../src/store/erasures.ts';
import { reportOf, runCommand } from '../audit.ts';
import { POISON } from '../engines/fault-points.ts';
import { type EngineName, type EngineSystem, startEngineSystem } from '../engines/system.ts';
import { type ErrorBody, http } from '../gateway.ts';
import {
  type Sighting,
  searchAppendOnly,
  searchHistories,
  searchKeys,
  searchLogs,
  searchPostgresFiles,
  searchTables,
} from '../retention/search.ts';
import { openSocket, SECRET, type ServerFrame, type Socket, token } from '../socket.ts';
import { stack } from '../stack.ts';
import { call, type HistoryPage } from '../system.ts';
import { until } from '../until.ts';

/** A user's erasure in the running system, on either engine. */
/** Erasing in the running system: what is gone where, what remains, and whoever is killed meanwhile. */
export function describeErasure(engine: 'temporal' | 'bullmq'): void {
  describe(`erasure, on ${engine}`, () => erasure(engine));
}

function erasure(engine: EngineName) {
  const CANARY = `canary${engine}${process.pid}q7`;
  /** What a client writes into its clientId is found by itself: a key of the dedup has it in its name. */
  const CLIENT_ID = `key-${engine}-${process.pid}-q7`;
  const USER = `ann-${engine}`;
  const room = `erased-${engine}-${process.pid}`;
  let system: EngineSystem;
  let adminUrl: string;
  let env: Record<string, string>;
  const sockets: Socket[] = [];
  before(async function () {
    this.timeout(240_000);
    const port = await freePort();
    adminUrl = `http://127.0.0.1:${port}`;
    // What is logged must hold no text, whatever is logged.
    system = await startEngineSystem(engine, {
      ADMIN_PORT: String(port),
      LOG_LEVEL: 'trace',
      ROOM_LOG_ENTRIES: '60',
    });
    await uncompressed(system.redisUrl);
    env = {
      AUTH_SECRET: SECRET,
      DATABASE_URL: system.databaseUrl,
      REDIS_URL: system.redisUrl,
      PIPELINE_ENGINE: engine,
      TEMPORAL_TASK_QUEUE: system.queue,
      TEMPORAL_ADDRESS: (await stack()).temporalAddress,
      ...(system.queueRedisUrl === undefined ? {} : { BULLMQ_REDIS_URL: system.queueRedisUrl }),
    };
  });
  afterEach(() => Promise.all(sockets.splice(0).map(socket => socket.close())));
  after(async function () {
    this.timeout(120_000);
    await system?.close();
  });

  async function join(user: string, name = room, more: object = {}): Promise<[Socket, ServerFrame]> {
    const headers = {
      authorization: `Bearer ${await token(user, { name: `Name ${user === USER ? CANARY : user}` })}`,
    };
    const socket = await openSocket(system.url, user, { headers });
    sockets.push(socket);
    return [socket, await socket.ask({ type: 'join', room: name, ...more })];
  }
  let sent = 0;
  async function send(socket: Socket, content: string, name = room, more: object = {}): Promise<number> {
    sent += 1;
    const ack = await socket.ask({ type: 'send', room: name, clientId: `c${sent}`, content, ...more });
    assert.equal(ack.type, 'ack', JSON.stringify(ack));
    return ack.id as number;
  }
  const history = async (name = room) =>
    (await call(system.url, `/v1/rooms/${name}/messages?limit=100`, 'ben')).body as HistoryPage;
  async function stored(name = room) {
    const left = async () => {
      const found = await Promise.all(
        Array.from({ length: 16 }, (_, p) => system.redis.hget(`parley:{p${p}}:partition`, 'unstored')),
      );
      return found.every(count => Number(count ?? 0) === 0);
    };
    await until(`all of ${name} is stored`, left, 60_000);
  }
  async function admin(path: string, body?: unknown, roles = ['admin']) {
    const headers = { authorization: `Bearer ${await token('root', { roles })}` };
    return await http(adminUrl, `/v1/admin/${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers,
      body,
    });
  }
  async function erase(user: string, reason?: string): Promise<ErasureRecord> {
    const asked = await admin('erase', { user, ...(reason === undefined ? {} : { reason }) });
    assert.equal(asked.status, 202, JSON.stringify(asked.body));
    const { id } = asked.body as ErasureRecord;
    let record = asked.body as ErasureRecord;
    const done = async () => {
      record = (await admin(`erasures/${id}`)).body as ErasureRecord;
      return record.state === 'done';
    };
    await until('the erasure is done', done, 60_000);
    return record;
  }
  /** Everything but the files of Postgres, which take their time. */
  async function search(text: string): Promise<Sighting[]> {
    const queue = system.queueRedisUrl;
    const logged = [system.worker(), system.gateway()].flatMap(({ output, pid }) =>
      output().includes(text) ? [{ where: 'logs', at: `process ${pid}` }] : [],
    );
    return [
      ...(await searchTables(system.db, text)),
      ...(await searchKeys(system.redisUrl, text, 'keys')),
      ...(await searchAppendOnly(system.redisUrl, text, 'redis-append-only')),
      ...(await searchLogs(system.redisUrl, text)),
      ...(engine === 'temporal' ? await searchHistories(env.TEMPORAL_ADDRESS!, system.queue, text) : []),
      ...(queue
        ? [...(await searchKeys(queue, text, 'bullmq')), ...(await searchAppendOnly(queue, text, 'bullmq'))]
        : []),
      ...logged,
    ];
  }
  const placesOf = (sightings: Sighting[]) => [...new Set(sightings.map(({ where }) => where))].sort();
  const removedIn = (socket: Socket, name = room) =>
    socket.frames
      .filter(
        ({ type, room: where, reason }) =>
          type === 'message.removed' && where === name && reason === 'erased',
      )
      .flatMap(({ ids }) => ids as number[]);
  const erasedOf = (messages: (Message | Tombstone)[]) =>
    messages.filter(({ status, reason }) => status === 'removed' && reason === 'erased').map(({ id }) => id);
  async function clean() {
    const { findings, code } = await reportOf(env);
    assert.deepEqual([findings, code], [[], 0]);
  }

  it('leaves a canary only where the answer says, tells the members, and keeps what others wrote', async function () {
    this.timeout(300_000);
    const [ann] = await join(USER);
    const [ben] = await join('ben');
    const plain = await send(ann, `hello ${CANARY}`);
    const masked = await send(ann, `what a load of shit ${CANARY}`);
    const edited = await send(ann, 'first');
    await ann.ask({ type: 'edit', room, id: edited, content: `then ${CANARY}` });
    const deleted = await send(ann, `gone ${CANARY}`);
    await stored();
    await ann.ask({ type: 'delete', room, id: deleted });
    const aside = await send(ann, `${POISON} ${CANARY}`);
    const named = await send(ann, 'innocent', room, { clientId: CLIENT_ID });
    const others = await send(ben, 'of somebody else');
    const removed = await send(ann, `removed ${CANARY}`);
    await stored();
    const path = `/v1/rooms/${room}/messages/${removed}/remove`;
    const headers = { authorization: `Bearer ${await token('mod', { roles: ['moderator'] })}` };
    const body = { reason: `it says ${CANARY}` };
    assert.equal((await http(system.url, path, { method: 'POST', headers, body })).status, 200);
    const mute = `/v1/rooms/${room}/mutes/${USER}`;
    assert.equal((await http(system.url, mute, { method: 'PUT', headers, body })).status, 200);
    await until(
      'one is set aside',
      async () => (await system.db.query('SELECT FROM dead_letters')).rowCount === 1,
    );
    await stored();
    await history();
    const engines = engine === 'temporal' ? ['temporal'] : [];
    const before = placesOf(await search(CANARY));
    for (const where of ['keys', 'redis-append-only', 'tables', ...engines])
      assert.ok(before.includes(where), `before, it is found in ${where}: ${before}`);
    assert.ok((await searchPostgresFiles(system.db, CANARY)).length > 0);

    const record = await erase(USER, 'asked for it');
    const own = [plain, masked, edited, deleted, named, removed];
    assert.deepEqual([record.counts.messages, record.counts.deadLetters], [own.length, 1]);
    assert.deepEqual([record.user, record.by, record.reason], [USER, 'root', 'asked for it']);
    await until('ben has heard', () => [...own, aside].every(id => removedIn(ben).includes(id)));
    const offsets = ben.liveOffsets(room);
    assert.deepEqual(
      offsets,
      offsets.map((_, i) => offsets[0]! + i),
    );

    const held = record.remains!.filter(({ holds }) => holds === 'text');
    const found = [...(await search(CANARY)), ...(await searchPostgresFiles(system.db, CANARY))];
    const said = new Set(held.map(({ where }) => where));
    assert.deepEqual(
      found.filter(({ where }) => !said.has(where)),
      [],
      'it is found where the answer said, and nowhere else',
    );
    process.stderr.write(
      `    found in ${placesOf(found).join(', ') || 'no place'}; told of ${[...said].join(', ')}\n`,
    );
    const keys = await search(CLIENT_ID);
    const dedup = keys.filter(({ where }) => where === 'keys');
    assert.deepEqual(
      [dedup.length, dedup[0]?.at.includes(':dedup:')],
      [1, true],
      'in the name of the key that answers a repeat',
    );
    const forgotten = Date.now() + (await system.redis.pttl(dedup[0]!.at));
    const window = record.remains!.find(({ where }) => where === 'redis-dedup')!;
    assert.ok(Date.parse(window.until!) >= forgotten, 'and no longer than the answer said');
    assert.deepEqual(
      keys.filter(({ where }) => where === 'tables'),
      [],
    );
    const run = held.find(({ where }) => where === engine)!;
    assert.ok(Date.parse(run.until!) > Date.now() + 3_600_000, JSON.stringify(run));

    assert.deepEqual(
      erasedOf((await history()).messages),
      [...own, aside].sort((a, b) => a - b),
    );
    assert.equal((await history()).messages.find(({ id }) => id === others)?.status, 'visible');
    const [, joined] = await join('cara', room, { since: { epoch: (await history()).epoch, offset: 0 } });
    assert.ok(!JSON.stringify(joined.events).includes(USER), 'who wrote it is not told either');
    const { rows } = await system.db.query('SELECT user_id FROM messages WHERE user_id = $1', [USER]);
    assert.deepEqual(rows, []);
    await clean();

    const again = await erase(USER);
    assert.deepEqual(
      [again.counts.messages, again.counts.deadLetters, again.counts.log],
      [undefined, undefined, undefined],
    );
  });

  it('lets nothing come back that was under way, and takes what is written afterwards', async function () {
    this.timeout(300_000);
    const name = `${room}-late`;
    const user = `${USER}-late`;
    const canary = `${CANARY}late`;
    const [ann] = await join(user, name);
    const [ben] = await join('ben', name);
    const first = await send(ann, `stored ${canary}`, name);
    await stored();
    await system.endWorker();
    const waiting = [
      await send(ann, `waits ${canary}`, name),
      await send(ann, `what a shit ${canary}`, name),
    ];
    const edit = await ann.ask({ type: 'edit', room: name, id: first, content: `edited ${canary}` });
    assert.equal(edit.type, 'ack');
    const others = await send(ben, 'waits too', name);
    const done = await runCommand('erase', env, user, 'by command');
    assert.equal(done.code, 0, done.err);
    assert.match(done.out, /^ {2}intake +text {2}until then: 4 entries/m);
    const all = [first, ...waiting];
    await until('ben has heard', () => all.every(id => removedIn(ben, name).includes(id)));
    const [, late] = await join('cara', name);
    assert.ok(!JSON.stringify(late).includes(canary), 'whoever joins now sees nothing of it');
    const after = await send(ann, 'after the erasure', name);

    await system.startWorker();
    await stored();
    const { messages } = await history(name);
    assert.deepEqual(erasedOf(messages), all);
    assert.deepEqual(
      messages.filter(message => 'content' in message).map(({ id }) => id),
      [others, after],
    );
    const places = placesOf(await search(canary)).filter(
      where => where !== 'redis-append-only' && where !== 'bullmq',
    );
    assert.deepEqual(places, engine === 'temporal' ? ['temporal'] : []);
    await until(
      'each was told once',
      async () => (await system.db.query('SELECT FROM untold')).rowCount === 0,
    );
    const offsets = ben.liveOffsets(name);
    assert.deepEqual(
      offsets,
      offsets.map((_, i) => offsets[0]! + i),
    );
    assert.deepEqual(
      removedIn(ben, name).sort((a, b) => a - b),
      all,
    );
    await clean();
  });

  it('is gone on with by the next worker where one was killed', async function () {
    this.timeout(240_000);
    const names = Array.from({ length: 30 }, (_, i) => `${room}-many-${i}`);
    const user = `${USER}-many`;
    const socket = await openSocket(system.url, user);
    sockets.push(socket);
    for (const name of names) {
      await socket.ask({ type: 'join', room: name });
      await send(socket, 'one of many', name);
      await send(socket, 'two of many', name);
    }
    await stored();
    // The last room is held, so that it is not done before it is killed.
    const holder = await system.db.connect();
    const counted = async () => ((await admin(`erasures/${id}`)).body as ErasureRecord).counts.messages ?? 0;
    let id = 0;
    try {
      await holder.query('BEGIN');
      await holder.query('SELECT FROM messages WHERE room = $1 FOR UPDATE', [`${room}-many-9`]);
      ({ id } = (await admin('erase', { user })).body as ErasureRecord);
      await until('it is half-way', async () => (await counted()) >= 6, 60_000);
      await system.endWorker('SIGKILL');
    } finally {
      holder.release(true);
    }
    assert.ok((await counted()) < 60, 'it was killed in the middle');
    await system.startWorker();
    const record = async () => (await admin(`erasures/${id}`)).body as ErasureRecord;
    await until('it is done', async () => (await record()).state === 'done', 60_000);
    assert.equal((await record()).counts.messages, 60);
    for (const name of names) {
      const { messages } = await history(name);
      assert.deepEqual(
        messages.map(({ status }) => status),
        ['removed', 'removed'],
      );
      const offsets = socket.liveOffsets(name);
      assert.deepEqual(
        offsets,
        offsets.map((_, i) => offsets[0]! + i),
      );
      assert.equal(
        new Set(removedIn(socket, name)).size,
        removedIn(socket, name).length,
        'each is told once',
      );
    }
    await clean();
  });

  it('is for admins alone, and its calls are checked', async () => {
    assert.equal((await admin('erase', { user: 'zoe' }, ['moderator'])).status, 403);
    assert.equal((await admin('erasures/1', undefined, ['moderator'])).status, 403);
    const codeOf = async (path: string, body?: unknown) => {
      const { error } = (await admin(path, body)).body as ErrorBody;
      return [error.code, error.path];
    };
    assert.deepEqual(await codeOf('erase', {}), ['invalid_field', 'user']);
    assert.deepEqual(await codeOf('erase', { user: 'a b' }), ['invalid_field', 'user']);
    assert.deepEqual(await codeOf('erase', { user: 'zoe', reason: 1 }), ['invalid_field', 'reason']);
    assert.deepEqual(await codeOf('erase', { user: 'zoe', more: 1 }), ['invalid_field', 'more']);
    assert.deepEqual(await codeOf('erasures/x'), ['invalid_field', 'id']);
    assert.deepEqual((await codeOf('erasures/999999'))[0], 'not_found');
    assert.deepEqual(await codeOf('purges?limit=0'), ['invalid_limit', 'limit']);
    assert.deepEqual((await admin('purges')).body, { purges: [], hasMore: false });
  });
}

/** A dump that is compressed would hide what is looked for. */
async function uncompressed(url: string) {
  const redis = new Redis(url, { commandTimeout: 30_000 });
  await redis.config('SET', 'rdbcompression', 'no');
  redis.disconnect();
}
