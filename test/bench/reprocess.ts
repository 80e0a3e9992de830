/**
 * `npm run bench:reprocess [-- --messages=200000 --rate=400 --live=100 --kills=2 --engine=temporal]`: history is run again by a
 * stricter policy while chat goes on. How much later live messages are delivered and stored than before; whether the
 * counts are exact though the worker is killed in the middle; and whether all of it can be taken back.
 */
import assert from 'node:assert/strict';
import { parseArgs } from 'node:util';
import { Pool } from 'pg';
import { http } from '../support/gateway.ts';
import { openSocket, token } from '../support/socket.ts';
import { mochaGlobalTeardown, stack } from '../support/stack.ts';
import { startSystem } from '../support/system.ts';
import { until } from '../support/until.ts';
import { createMeter } from './delivery/usage.ts';
import { textOf } from './pipeline/design.ts';

const ROOMS = 20;
const LIVE_ROOM = 'live-1';
const BASELINE_MS = 30_000;
const TICK_MS = 5;
const LOOK_MS = 500;
const RUN_TIMEOUT_MS = 1_800_000;
const LIFTED = {
  SEND_PER_SECOND: '100000',
  SEND_BURST: '100000',
  MAX_UNSTORED: '200000',
  AUDIT_MINUTES: '0',
};
/** Of each hundred messages: what the stricter policy makes of those that hold one of its words. */
const WORDS = [
  { word: 'flurb', action: 'mask', every: 20 },
  { word: 'snarg', action: 'block', every: 25 },
  { word: 'grook', action: 'hold', every: 50 },
];

type Counts = Record<string, number>;
type Run = { run: string; state: string; counts: Counts; endedAt?: string; createdAt: string };
type System = Awaited<ReturnType<typeof startSystem>>;

const say = (line: string) => process.stdout.write(`${line}\n`);
const quantile = (sorted: number[], q: number) =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? 0;

/** Stored messages as the pipeline leaves them; one in so many holds a word of the policy that comes later. */
const FILL = `
  INSERT INTO messages (room, id, revision, epoch, user_id, client_id, content, status, audience, created_at, language,
    language_confidence, sentiment, sentiment_label, verdict, versions, batch, announced_at)
  SELECT 'history-' || (n % ${ROOMS}), n / ${ROOMS} + 1, 1, 'filled', 'user' || (n % 500), 'c' || n,
    'a line of the history of this room, the ' || n || 'th ' ||
      CASE WHEN n % $2 = 1 THEN 'flurb' WHEN n % $3 = 2 THEN 'snarg' WHEN n % $4 = 3 THEN 'grook' ELSE 'word' END,
    'visible', 'all', now() - interval '1 day' + n * interval '100 milliseconds', 'en', 1, 0, 'neutral',
    '{"action":"allow","rules":[],"spans":[],"policy":"builtin-1","toxicity":0,"spam":0,"hits":[]}',
    '{"language":"filled","moderation":"filled","sentiment":"filled"}', 'batch-filled', now()
  FROM generate_series(0, $1::integer - 1) AS n`;
const FILL_ROOMS = `
  INSERT INTO rooms (room, last_id, last_message_at) SELECT room, max(id), max(created_at) FROM messages GROUP BY room`;
/** All that a run may change, as one number a room. */
const DIGEST = `
  SELECT md5(string_agg(md5(ROW(id, revision, status, reason, audience, content, shown, language, sentiment, verdict,
    versions, batch, announced_at)::text), '' ORDER BY room, id)) AS digest FROM messages WHERE room LIKE 'history-%'`;
const STANDING = `
  SELECT status || coalesce(' ' || reason, '') AS stands, count(*)::integer AS count FROM messages
  WHERE room LIKE 'history-%' GROUP BY 1 ORDER BY 1`;

/** Sends at a steady rate and notes when each message is delivered to another member. */
async function startChat(url: string, perSecond: number) {
  const [ann, bob] = [await openSocket(url, 'ann'), await openSocket(url, 'bob')];
  for (const socket of [ann, bob]) await socket.ask({ type: 'join', room: LIVE_ROOM, recent: 0 });
  const sentAt = new Map<string, number>();
  let delays: number[] = [];
  bob.socket.on('message', data => {
    const frame = JSON.parse(String(data)) as { type: string; message?: { clientId: string } };
    const at = frame.type === 'message.created' ? sentAt.get(frame.message!.clientId) : undefined;
    if (at !== undefined) delays.push(performance.now() - at);
    sentAt.delete(frame.message?.clientId ?? '');
    ann.frames.length = 0;
    bob.frames.length = 0;
  });
  const since = performance.now();
  let sent = 0;
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - since) / 1_000) * perSecond);
    for (; sent < due; sent += 1) {
      const clientId = `live${sent}`;
      sentAt.set(clientId, performance.now());
      void ann.ask({ type: 'send', room: LIVE_ROOM, clientId, content: textOf(sent) }).catch(() => undefined);
    }
  }, TICK_MS);
  return {
    sent: () => sent,
    /** The delays since the last call, in ascending order. */
    take() {
      const taken = delays.sort((a, b) => a - b);
      delays = [];
      return taken;
    },
    async close() {
      clearInterval(timer);
      await Promise.all([ann.close(), bob.close()]);
    },
  };
}

type Options = { messages: number; rate: number; live: number; kills: number; engine: string };

async function bench({ messages, rate, live, kills, engine }: Options) {
  await stack();
  const system = await startSystem({ env: { ...LIFTED, PIPELINE_ENGINE: engine } });
  const url = system.urls[0]!;
  const pool = new Pool({ connectionString: system.databaseUrl, max: 2 });
  const admin = async (path: string, method = 'GET', body?: object) => {
    const headers = { authorization: `Bearer ${await token('root', { roles: ['admin'] })}` };
    const answer = await http(url, path, { method, headers, ...(body === undefined ? {} : { body }) });
    if (answer.status >= 400) throw new Error(JSON.stringify(answer.body));
    return answer.body;
  };
  const digest = async () => (await pool.query<{ digest: string }>(DIGEST)).rows[0]!.digest;
  const standing = async () =>
    Object.fromEntries(
      (await pool.query<{ stands: string; count: number }>(STANDING)).rows.map(row => [
        row.stands,
        row.count,
      ]),
    );

  await pool.query(FILL, [messages, ...WORDS.map(({ every }) => every)]);
  await pool.query(FILL_ROOMS);
  await pool.query('ANALYZE messages');
  const rules = WORDS.map(({ word, action }) => ({
    id: `own/${action}`,
    type: 'words',
    words: [word],
    action,
  }));
  for (let room = 0; room < ROOMS; room += 1)
    await admin(`/v1/rooms/history-${room}/policy`, 'PUT', { version: 0, policy: { schema: 1, rules } });
  const expected = expectedOf(messages);
  const before = await digest();
  const chat = await startChat(url, live);
  const clock = createClock({ system, pool, chat });

  say(
    `${messages} stored messages, ${live} live ones a second, ${rate} re-run a second at most, on ${engine}\n`,
  );
  say(
    '                      messages  seconds      /s   delivered p50   p95   stored p50   p95   worker CPU s',
  );
  await new Promise(resolve => setTimeout(resolve, 5_000));
  await clock.phase('chat alone', () => new Promise(resolve => setTimeout(resolve, BASELINE_MS)));
  const rooms = Array.from({ length: ROOMS }, (_, room) => `history-${room}`);
  const asked = { rooms, redo: 'moderation', dryRun: false, rate, maxRemovals: messages };

  async function whole(name: string, begin: () => Promise<unknown>, kills = 0): Promise<Run> {
    const run = (await begin()) as Run;
    const now = async () => {
      await new Promise(resolve => setTimeout(resolve, LOOK_MS));
      return (await admin(`/v1/reprocess/${run.run}`)) as Run;
    };
    await clock.phase(name, async () => {
      for (let kill = 1; kill <= kills; kill += 1) {
        const at = (expected.matched / (kills + 1)) * kill;
        await until(`${at} judged`, async () => (await now()).counts.matched! >= at, RUN_TIMEOUT_MS);
        await system.replaceWorker();
      }
      await until('the run ends', async () => (await now()).endedAt !== undefined, RUN_TIMEOUT_MS);
    });
    return (await admin(`/v1/reprocess/${run.run}`)) as Run;
  }
  const apply = () => admin('/v1/reprocess', 'POST', asked);
  const undo = ({ run }: Run) => admin(`/v1/reprocess/${run}/undo`, 'POST');

  const done = await whole(kills === 0 ? 'run again' : `run again, killed ${kills}×`, apply, kills);
  assert.deepEqual(await standing(), expected.standing);
  assert.deepEqual([done.counts.matched, done.counts.applied], [expected.matched, expected.changed]);
  const undone = await whole('taken back', () => undo(done));
  assert.deepEqual([undone.counts.applied, undone.counts.superseded], [expected.changed, 0]);
  assert.equal(await digest(), before, 'all is as it was');
  say(`\ncounts exact: ${JSON.stringify(expected.standing)}; taken back exactly`);
  clock.ratios();
  await chat.close();
  await pool.end();
  await system.close();
}

/** What the policy makes of the history, by arithmetic. */
function expectedOf(messages: number) {
  const count = { visible: 0, masked: 0, 'removed moderated': 0, 'held held': 0 };
  for (let n = 0; n < messages; n += 1) {
    if (n % WORDS[0]!.every === 1) count.masked += 1;
    else if (n % WORDS[1]!.every === 2) count['removed moderated'] += 1;
    else if (n % WORDS[2]!.every === 3) count['held held'] += 1;
    else count.visible += 1;
  }
  return { matched: messages, changed: messages - count.visible, standing: count };
}

/** Measures a phase: its live messages, and what the worker spent. */
function createClock({
  system,
  pool,
  chat,
}: {
  system: System;
  pool: Pool;
  chat: Awaited<ReturnType<typeof startChat>>;
}) {
  const meter = createMeter();
  const phases: { name: string; delivered: number; stored: number }[] = [];
  const storedSince = async (since: Date) => {
    const { rows } = await pool.query<{ ms: number[] | null }>(
      `SELECT percentile_cont(ARRAY[.5, .95]) WITHIN GROUP
         (ORDER BY 1000 * extract(epoch FROM stored_at - created_at)::float8) AS ms
       FROM messages WHERE room = '${LIVE_ROOM}' AND created_at >= $1`,
      [since],
    );
    return rows[0]!.ms ?? [0, 0];
  };
  return {
    async phase(name: string, work: () => Promise<unknown>) {
      chat.take();
      const since = new Date();
      const sent = chat.sent();
      const pid = system.worker().pid;
      const cpu = meter.of([pid]).cpuS;
      await work();
      const seconds = (Date.now() - since.getTime()) / 1_000;
      const spent = system.worker().pid === pid ? (meter.of([pid]).cpuS - cpu).toFixed(1) : '-';
      const delays = chat.take();
      const [p50 = 0, p95 = 0] = await storedSince(since);
      const delivered = quantile(delays, 0.95);
      phases.push({ name, delivered, stored: p95 });
      say(
        `${name.padEnd(22)}${String(chat.sent() - sent).padStart(8)}${seconds.toFixed(0).padStart(9)}${((chat.sent() - sent) / seconds).toFixed(0).padStart(8)}` +
          `${quantile(delays, 0.5).toFixed(1).padStart(16)}${delivered.toFixed(1).padStart(6)}${p50.toFixed(0).padStart(13)}${p95.toFixed(0).padStart(6)}${spent.padStart(15)}`,
      );
    },
    ratios() {
      const [alone, ...others] = phases;
      for (const { name, delivered, stored } of others)
        say(
          `${name}: delivered p95 ${(delivered / alone!.delivered).toFixed(2)} times, stored p95 ${(stored / alone!.stored).toFixed(2)} times that of chat alone`,
        );
    },
  };
}

const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '200000' },
    rate: { type: 'string', default: '400' },
    kills: { type: 'string', default: '2' },
    live: { type: 'string', default: '100' },
    engine: { type: 'string', default: 'temporal' },
  },
});
try {
  const { engine, messages, rate, live, kills } = values;
  await bench({
    ...{ messages: Number(messages), rate: Number(rate), live: Number(live), kills: Number(kills) },
    engine,
  });
} finally {
  await mochaGlobalTeardown();
}
