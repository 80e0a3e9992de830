import assert from 'node:assert/strict';
import { Redis } from 'ioredis';
import type { Report } from '../../src/audit/report.ts';
import { createAuditWatch } from '../../src/audit/watch.ts';
import { createLogger } from '../../src/logger.ts';
import { createWorkerMetrics } from '../../src/metrics.ts';
import { roomKeys } from '../../src/rooms/keys.ts';
import { freePorts } from '../../src/stack/ports.ts';
import { createPool } from '../../src/store/pool.ts';
import { namesOf, openAudit, reportOf, runAudit, runCommand } from '../support/audit.ts';
import { openSocket, SECRET, type Socket, token } from '../support/socket.ts';
import { freeDatabase, stack } from '../support/stack.ts';
import { call, type HistoryPage, startSystem } from '../support/system.ts';
import { until } from '../support/until.ts';

const LOG_ENTRIES = 60;
const logger = createLogger({ level: 'silent', part: 'test' });
/** The audit lets entries be under way for this long. */
const GRACE_MS = 5_000;

describe('the audit', function () {
  this.timeout(240_000);
  let system: Awaited<ReturnType<typeof startSystem>>;
  let env: Record<string, string>;
  let adminUrl: string;
  let redis: Redis;
  let pool: ReturnType<typeof createPool>;
  let ann: Socket;

  before(async () => {
    const services = await stack();
    // A database of Redis for itself: others' rooms are in other stores.
    env = {
      REDIS_URL: `${services.redisUrl}/5`,
      TEMPORAL_ADDRESS: services.temporalAddress,
      TEMPORAL_TASK_QUEUE: `audit-${process.pid}`,
      DATABASE_URL: await freeDatabase(),
      AUTH_SECRET: SECRET,
      ROOM_LOG_ENTRIES: String(LOG_ENTRIES),
    };
    const [adminPort] = await freePorts(1);
    adminUrl = `http://127.0.0.1:${adminPort}`;
    system = await startSystem({ env: { ...env, ADMIN_PORT: String(adminPort) } });
    redis = new Redis(env.REDIS_URL!, { commandTimeout: 30_000 });
    pool = createPool({ databaseUrl: env.DATABASE_URL!, size: 2, timeoutMs: 30_000, name: 'test' });
    ann = await openSocket(system.urls[0]!, 'ann');
  });
  after(async () => {
    await ann?.close();
    redis?.disconnect();
    await pool?.end();
    await system?.close();
  });

  let rooms = 0;
  async function newRoom() {
    rooms += 1;
    const room = `audit-${rooms}`;
    await ann.ask({ type: 'join', room, recent: 0 });
    return room;
  }
  let sent = 0;
  async function send(room: string, count: number, from: Socket = ann): Promise<number[]> {
    const ids: number[] = [];
    for (let i = 0; i < count; i += 1) {
      sent += 1;
      const ack = await from.ask({ type: 'send', room, clientId: `c${sent}`, content: `line ${sent}` });
      assert.equal(ack.type, 'ack', JSON.stringify(ack));
      ids.push(ack.id as number);
    }
    return ids;
  }
  async function stored(room: string, id: number) {
    const reached = async () => {
      const { body } = await call(system.urls[0]!, `/v1/rooms/${room}/messages?limit=1`, 'ann');
      return ((body as HistoryPage).processedThrough ?? 0) >= id;
    };
    await until(`${room} is stored up to ${id}`, reached, 60_000);
  }
  async function stopWorker() {
    system.worker().kill('SIGTERM');
    await system.worker().exited;
  }
  const keysOf = (room: string) => roomKeys(room, 16);
  /** Takes an entry out of the intake, as nothing of ours does before an engine has it. */
  async function drop(room: string, offset: number) {
    const { intake } = keysOf(room);
    for (const [entryId, fields] of await redis.xrange(intake, '-', '+')) {
      if (
        fields[fields.indexOf('room') + 1] === room &&
        fields[fields.indexOf('offset') + 1] === String(offset)
      )
        assert.equal(await redis.xdel(intake, entryId), 1);
    }
  }

  it('finds everything accounted for, edits, deletions, masked text and what is under way included', async () => {
    const [quiet, busy] = [await newRoom(), await newRoom()];
    const ids = await send(quiet, 6);
    await ann.ask({ type: 'send', room: quiet, clientId: 'rude', content: 'what a load of shit' });
    await ann.ask({ type: 'edit', room: quiet, id: ids[0], content: 'edited' });
    await ann.ask({ type: 'delete', room: quiet, id: ids[1] });
    const { offset } = await ann.ask({ type: 'edit', room: quiet, id: ids[0], content: 'edited again' });
    await stored(quiet, offset as number);
    let auditing = true;
    const traffic = (async () => {
      while (auditing) {
        const [id] = await send(busy, 3);
        const ack = await ann.ask({ type: 'edit', room: busy, id, content: `edit ${id}` });
        await stored(busy, ack.offset as number);
      }
    })();
    const report = await reportOf(env).finally(() => {
      auditing = false;
    });
    await traffic;
    assert.deepEqual(report.findings, []);
    assert.deepEqual(report.losses, []);
    assert.deepEqual([report.code, report.unaccounted, report.rooms], [0, 0, 2]);
    assert.ok(report.stored >= 7, JSON.stringify(report));
    const { out, code } = await runAudit(env);
    assert.equal(code, 0, out);
    assert.match(out, /^unaccounted +0$/m);
  });

  it('leaves alone what an unfinished batch holds, however long that takes', async () => {
    const room = await newRoom();
    await stored(room, (await send(room, 1))[0]!);
    const blocker = await pool.connect();
    try {
      await blocker.query('BEGIN');
      await blocker.query('SELECT FROM rooms WHERE room = $1 FOR UPDATE', [room]);
      const [id] = await send(room, 1);
      const sentAt = Date.now();
      await until('the engine has it', async () => (await redis.xlen(keysOf(room).intake)) === 0);
      await until('it is old enough to tell', () => Date.now() - sentAt > GRACE_MS, 2 * GRACE_MS);
      const report = await reportOf(env);
      assert.equal(await redis.zscore(keysOf(room).open, String(id)), String(id));
      assert.deepEqual([report.findings, report.inFlight], [[], 1]);
      await blocker.query('ROLLBACK');
      await stored(room, id!);
    } finally {
      blocker.release(true);
    }
  });

  it('names what a wiped Redis took with it, by room, epoch and offsets, and nothing else', async () => {
    const [kept, lost] = [await newRoom(), await newRoom()];
    await stored(kept, (await send(kept, 3)).at(-1)!);
    await stored(lost, (await send(lost, 3)).at(-1)!);
    const epoch = await redis.hget(keysOf(lost).meta, 'epoch');
    await stopWorker();
    const ids = await send(lost, 4);
    await redis.flushdb();
    await send(kept, 1);
    await system.replaceWorker();
    const losses = async () =>
      (await pool.query('SELECT epoch FROM losses WHERE room = $1', [lost])).rows as { epoch: string }[];
    await until('the loss is on record', async () => (await losses()).length > 0);
    await stored(kept, (await send(kept, 1))[0]!);
    const report = await reportOf(env);
    assert.deepEqual(
      report.losses.map(({ room, epoch, atMost, ranges }) => ({ room, epoch, atMost, ranges })),
      [{ room: lost, epoch, atMost: 4, ranges: [[ids[0]!, ids[3]!]] }],
    );
    assert.deepEqual([report.code, report.lost, report.findings], [0, 4, []]);
  });

  it('names a deleted row, a dropped entry, a doubled row and a missing outcome, and nothing else', async () => {
    const [deleted, dropped, doubled, undecided] = [
      await newRoom(),
      await newRoom(),
      await newRoom(),
      await newRoom(),
    ];
    const gone = (await send(deleted, 5))[2]!;
    const twice = (await send(doubled, 3))[1]!;
    const open = (await send(undecided, 3))[1]!;
    for (const room of [deleted, doubled, undecided]) await stored(room, (await send(room, 1))[0]!);
    await stopWorker();
    const [, lost] = await send(dropped, 3);
    const sentAt = Date.now();
    await drop(dropped, lost!);
    await system.replaceWorker();

    await pool.query('DELETE FROM messages WHERE room = $1 AND id = $2', [deleted, gone]);
    await copyRow(doubled, twice, twice + 1_000_000);
    const { state } = keysOf(undecided);
    const value = (await redis.hget(state, String(open)))!;
    await redis.hset(state, String(open), value.replace(/^1;1;/, '1;0;'));
    await until('the drop is old enough to tell', () => Date.now() - sentAt > GRACE_MS, 2 * GRACE_MS);

    const report = await reportOf(env);
    assert.deepEqual(
      namesOf(report.findings),
      [
        `missing_row ${deleted} ${gone}`,
        `dropped_entry ${dropped} ${lost}`,
        `unknown_row ${doubled} ${twice + 1_000_000}`,
        `missing_outcome ${undecided} ${open}`,
      ].sort(),
    );
    assert.deepEqual([report.code, report.unaccounted], [1, 4]);
    assert.ok(report.findings.every(({ epoch }) => epoch !== undefined));
    const { out, code } = await runAudit(env);
    assert.equal(code, 1);
    assert.match(out, new RegExp(`^missing_row +${deleted} ${gone} `, 'm'));

    // What was planted is put right again.
    await copyRow(deleted, gone - 1, gone);
    await pool.query('DELETE FROM messages WHERE room = $1 AND id > $2', [doubled, twice + 999_999]);
    await redis.hset(state, String(open), value);
    const mended = await runAudit(env, '--set-aside');
    assert.deepEqual([mended.code, mended.err], [0, '1 dropped entries are dead letters now\n']);
    const clean = await reportOf(env);
    assert.deepEqual([namesOf(clean.findings), clean.setAside], [[], 1]);
    assert.equal((await runCommand('dead-letters', env, 'redrive', 'all')).code, 0);
    await stored(dropped, lost!);
    assert.deepEqual(namesOf((await reportOf(env)).findings), []);
  });

  it('names them after the log was trimmed: a deleted row, and an entry that was settled and never stored', async () => {
    const room = await newRoom();
    const ids = await send(room, 5);
    await stored(room, ids.at(-1)!);
    await stopWorker();
    const [vanished, next] = await send(room, 2);
    await drop(room, vanished!);
    await redis.zrem(keysOf(room).open, String(vanished));
    await system.replaceWorker();
    await stored(room, next!);
    for (let i = 0; i < 4; i += 1) await stored(room, (await send(room, LOG_ENTRIES / 3)).at(-1)!);
    const [first] = await redis.xrange(keysOf(room).log, '-', '+', 'COUNT', 1);
    assert.ok(Number(first![0].split('-')[0]) > vanished!, 'the log was trimmed beyond them');
    await pool.query('DELETE FROM messages WHERE room = $1 AND id = $2', [room, ids[1]]);
    const { findings, code } = await reportOf(env);
    assert.deepEqual(
      namesOf(findings),
      [`missing_row ${room} ${ids[1]}`, `missing_row ${room} ${vanished}`].sort(),
    );
    assert.equal(code, 1);
  });

  it('answers the newest report to an admin, on the admin port alone', async () => {
    const ask = async (role: string | undefined) => {
      const bearer = await token('ann', role === undefined ? {} : { roles: [role] });
      const headers = { authorization: `Bearer ${bearer}` };
      return fetch(`${adminUrl}/v1/admin/audit`, { headers, signal: AbortSignal.timeout(30_000) });
    };
    assert.equal((await ask('moderator')).status, 403);
    const answer = await ask('admin');
    assert.equal(answer.status, 200);
    assert.equal(((await answer.json()) as { unaccounted: number }).unaccounted, 2);
    assert.equal((await call(system.urls[0]!, '/v1/admin/audit', 'ann')).status, 404);
  });

  it('runs by itself in the worker that is elected, and tells by metrics', async () => {
    const opened = await openAudit(env, pool);
    const metrics = createWorkerMetrics();
    const gauge = async () => (await metrics.unaccounted.get()).values[0]?.value;
    let elected = true;
    const { audit, store } = opened;
    const watch = createAuditWatch({ audit, store, elected: () => elected, everyMs: 50, metrics, logger });
    try {
      await until('what the tests before left is found', async () => (await gauge()) === 2);
      const room = await newRoom();
      const [id, next] = await send(room, 2);
      await stored(room, (await send(room, 1))[0]!);
      await pool.query('DELETE FROM messages WHERE room = $1 AND id = $2', [room, id]);
      await until('a room that was touched is looked at', async () => (await gauge()) === 3);
      await copyRow(room, next!, id!);
      await until('what was found is looked at again', async () => (await gauge()) === 2);
      const reported = async () => ((await store.newest()) as Report).unaccounted;
      await until('the report is kept', async () => (await reported()) === 2);
      elected = false;
      await until('another one audits now', async () => (await gauge()) === 0);
    } finally {
      await watch.close();
      await opened.close();
    }
  });

  it('names an outcome that is gone from the log, and a row that an edit never reached', async () => {
    const room = await newRoom();
    const [lacking, stale] = await send(room, 2);
    const edit = await ann.ask({ type: 'edit', room, id: stale, content: 'edited' });
    await stored(room, edit.offset as number);
    const { log, state } = keysOf(room);
    const [, , last] = (await redis.hget(state, String(lacking)))!.split(';');
    assert.equal(await redis.xdel(log, `${last}-0`), 1);
    await pool.query('UPDATE messages SET revision = 1 WHERE room = $1 AND id = $2', [room, stale]);
    const { findings } = await reportOf(env);
    assert.deepEqual(namesOf(findings.filter(finding => finding.room === room)), [
      `missing_outcome ${room} ${lacking}`,
      `stale_row ${room} ${stale}`,
    ]);
  });

  async function copyRow(room: string, from: number, to: number) {
    const { rows } = await pool.query('SELECT * FROM messages WHERE room = $1 AND id = $2', [room, from]);
    const copy: Record<string, unknown> = { ...rows[0], id: to, client_id: `copy-${to}` };
    for (const name of ['verdict', 'versions']) copy[name] = JSON.stringify(copy[name]);
    const names = Object.keys(copy);
    const places = names.map((_, i) => `$${i + 1}`).join(', ');
    await pool.query(`INSERT INTO messages (${names.join(', ')}) VALUES (${places})`, Object.values(copy));
  }
});
