import assert from 'node:assert/strict';
import type { Report } from '../../../src/audit/report.ts';
import type { Message } from '../../../src/message.ts';
import { createPool } from '../../../src/store/pool.ts';
import { reportOf, runCommand } from '../audit.ts';
import { http } from '../gateway.ts';
import { openSocket, SECRET, type ServerFrame, type Socket, token } from '../socket.ts';
import { stack } from '../stack.ts';
import { call, type HistoryPage, startSystem, wholeHistory } from '../system.ts';
import { until } from '../until.ts';
import type { ReprocessFault } from './faults.ts';

const WORKER = new URL('./faulty-worker.ts', import.meta.url);
const LINES = [
  'a plain line',
  'a flurb',
  'so glad to be here',
  'this snarg is new',
  'good morning',
  'a grook, too',
];
const RULES = [
  { id: 'own/mask', type: 'words', words: ['flurb'], action: 'mask' },
  { id: 'own/block', type: 'words', words: ['snarg'], action: 'block' },
  { id: 'own/hold', type: 'words', words: ['grook'], action: 'hold' },
];
type Run = {
  run: string;
  state: string;
  dryRun: boolean;
  drafted?: true;
  counts: Record<string, number>;
  note?: string;
  endedAt?: string;
};

type Options = { engine: 'temporal' | 'bullmq'; faults: readonly ReprocessFault[] };

/**
 * The whole way over real sockets and servers: a policy is set after the fact, and history is run again. `faults` are
 * the lines at which the worker is killed.
 */
export function describeRuns({ engine, faults }: Options): void {
  describe(`runs over history on ${engine}`, function () {
    this.timeout(240_000);
    let system: Awaited<ReturnType<typeof startSystem>>;
    let pool: ReturnType<typeof createPool>;
    const env: Record<string, string> = { PIPELINE_ENGINE: engine, AUDIT_MINUTES: '0' };
    let ann: Socket;
    let bob: Socket;
    let rooms = 0;

    before(async () => {
      const { redisUrl } = await stack();
      // A database of Redis for itself: others' rooms are in other stores.
      env.REDIS_URL = `${redisUrl}/${engine === 'temporal' ? 11 : 12}`;
      env.TEMPORAL_TASK_QUEUE = `reprocess-${engine}-${process.pid}`;
      system = await startSystem({ worker: WORKER, env });
      pool = createPool({ databaseUrl: system.databaseUrl, size: 2, timeoutMs: 30_000, name: 'test' });
      [ann, bob] = [await openSocket(system.urls[0]!, 'ann'), await openSocket(system.urls[0]!, 'bob')];
    });
    after(async () => {
      await Promise.all([ann?.close(), bob?.close()]);
      await pool?.end();
      await system?.close();
    });

    async function admin(path: string, method = 'GET', body?: unknown, roles = ['admin']) {
      const headers = { authorization: `Bearer ${await token('root', { roles })}` };
      return await http(system.urls[0]!, path, { method, headers, ...(body === undefined ? {} : { body }) });
    }
    async function begin(request: object): Promise<Run> {
      const { status, body } = await admin('/v1/reprocess', 'POST', request);
      assert.equal(status, 201, JSON.stringify(body));
      return body as Run;
    }
    async function reaches({ run }: Run, states: string[]): Promise<Run> {
      let now: Run | undefined;
      const there = async () => {
        now = (await admin(`/v1/reprocess/${run}`)).body as Run;
        return states.includes(now.state) && (now.endedAt !== undefined || now.state !== 'done');
      };
      await until(`the run is ${states}`, there, 60_000).catch(error => {
        throw new Error(`${error.message}; it is ${JSON.stringify(now)}`);
      });
      return now!;
    }
    const finished = async (request: object) => await reaches(await begin(request), ['done']);

    /** A room with both in it, and `count` of Ann's lines, stored; then a policy that would have judged them otherwise. */
    async function spoken(count: number) {
      rooms += 1;
      const room = `reprocess-${engine}-${rooms}`;
      for (const socket of [ann, bob]) await socket.ask({ type: 'join', room, recent: 0 });
      const ids: number[] = [];
      for (let i = 0; i < count; i += 1) {
        const content = `${LINES[i % LINES.length]} (${i})`;
        ids.push((await ann.ask({ type: 'send', room, clientId: `c${i}`, content })).id as number);
      }
      await caughtUp(room);
      const set = await admin(`/v1/rooms/${room}/policy`, 'PUT', {
        version: 0,
        policy: { schema: 1, rules: RULES },
      });
      assert.equal(set.status, 200, JSON.stringify(set.body));
      return { room, ids };
    }
    async function caughtUp(room: string) {
      await until(
        'the store reflects the log',
        async () => {
          const { body } = await call(system.urls[0]!, `/v1/rooms/${room}/messages`, 'bob');
          return (body as HistoryPage).processedThrough === Math.max(...bob.liveOffsets(room));
        },
        60_000,
      );
    }
    const rowsOf = async (room: string) =>
      (
        await pool.query(
          `SELECT id, revision, status, reason, audience, content, shown, language, sentiment, sentiment_label, verdict,
             versions, batch, announced_at FROM messages WHERE room = $1 ORDER BY id`,
          [room],
        )
      ).rows as {
        id: number;
        status: string;
        reason: string | null;
        content: string;
        shown: string | null;
      }[];
    const wordsOf = ({
      status,
      reason,
      shown,
    }: {
      status: string;
      reason: string | null;
      shown: string | null;
    }) => [status, reason, shown].filter(part => part !== null).join(' ');
    /** What Bob was told of a message since `from`, a word for each frame. */
    const toldOf = (frames: ServerFrame[], id: number) =>
      frames.flatMap(frame => {
        const listed = (frame.messages as Message[] | undefined)?.find(message => message.id === id);
        if (listed) return [`${frame.type.slice(8)} ${listed.status}`];
        return (frame.ids as number[] | undefined)?.includes(id) ? [`removed ${frame.reason}`] : [];
      });
    const framesOf = (room: string, from: number) =>
      bob.frames.slice(from).filter(frame => frame.room === room && frame.type.startsWith('message.'));
    function noGap(room: string) {
      const offsets = bob.liveOffsets(room);
      assert.deepEqual(
        offsets,
        Array.from(offsets, (_, i) => offsets[0]! + i),
      );
    }
    const EXPECTED = ['', 'updated masked', '', 'removed moderated', '', 'removed held'];

    it('try a change, park, apply it live, find nothing more to do, and take it back', async () => {
      const { room, ids } = await spoken(60);
      const before = await rowsOf(room);
      const from = bob.frames.length;

      const dry = await finished({ rooms: [room], redo: 'moderation' });
      assert.deepEqual(
        [dry.counts.matched, dry.counts.changed, dry.counts.applied, dry.counts.same],
        [60, 30, 0, 30],
      );
      const { body } = await admin(`/v1/reprocess/${dry.run}/report`);
      const report = body as {
        rules: { rule: string; hits: number; misses: number }[];
        kinds: object[];
        rooms: object[];
        samples: { text: string; kind: string }[];
      };
      assert.deepEqual(
        report.rules.sort((a, b) => a.rule.localeCompare(b.rule)),
        ['own/block', 'own/hold', 'own/mask'].map(rule => ({ rule, hits: 10, misses: 0 })),
      );
      assert.deepEqual(
        new Set(report.samples.map(({ kind }) => kind)),
        new Set(['removed', 'hidden', 'masked']),
      );
      assert.ok(report.samples.every(({ kind, text }) => kind !== 'masked' || text.includes('flurb')));
      assert.deepEqual(await rowsOf(room), before, 'a dry run changes nothing');
      assert.deepEqual(framesOf(room, from), [], 'and tells nobody');

      const asked = { rooms: [room], redo: 'moderation', dryRun: false, maxRemovals: 5 };
      const parked = await reaches(await begin(asked), ['parked']);
      assert.match(parked.note ?? '', /20; it may make 5/);
      assert.deepEqual(await rowsOf(room), before, 'a parked run has not begun');
      const resumed = await admin(`/v1/reprocess/${parked.run}/resume`, 'POST', { maxRemovals: 20 });
      assert.equal(resumed.status, 200, JSON.stringify(resumed.body));
      const done = await reaches(parked, ['done']);
      assert.deepEqual([done.counts.applied, done.counts.removals, done.counts.superseded], [30, 20, 0]);
      await caughtUp(room);
      const told = framesOf(room, from);
      assert.deepEqual(
        ids.map(id => toldOf(told, id).join(', ')),
        ids.map((_, i) => EXPECTED[i % 6]),
      );
      noGap(room);
      assert.deepEqual(
        (await rowsOf(room)).map(wordsOf),
        ids.map(
          (_, i) =>
            ['visible', `masked a ***** (${i})`, 'visible', 'removed moderated', 'visible', 'held held'][
              i % 6
            ],
        ),
      );
      const joined = await bob.ask({ type: 'join', room, recent: 100 });
      assert.doesNotMatch(JSON.stringify(joined.events), /flurb|snarg|grook/);
      assert.doesNotMatch(JSON.stringify(await wholeHistory(system.urls[0]!, room, 20)), /flurb|snarg|grook/);

      const again = await finished(asked);
      assert.deepEqual([again.counts.matched, again.counts.changed, again.counts.applied], [60, 0, 0]);

      // One was released and one edited since: those stay as they are.
      const [released, edited] = [ids[3]!, ids[1]!];
      const release = await admin(`/v1/rooms/${room}/messages/${released}/release`, 'POST', {});
      assert.equal(release.status, 200, JSON.stringify(release.body));
      await ann.ask({ type: 'edit', room, id: edited, content: 'quite another text' });
      await caughtUp(room);
      const undo = (await admin(`/v1/reprocess/${done.run}/undo`, 'POST')).body as Run;
      const undone = await reaches(undo, ['done']);
      assert.deepEqual([undone.counts.applied, undone.counts.superseded], [28, 2]);
      await caughtUp(room);
      const rows = await rowsOf(room);
      const untouched = (row: { id: number }) => row.id !== released && row.id !== edited;
      assert.deepEqual(rows.filter(untouched), before.filter(untouched));
      assert.equal(rows.find(({ id }) => id === edited)!.content, 'quite another text');
      noGap(room);
      const last = framesOf(room, from);
      assert.deepEqual(
        ids.slice(6).map(id => toldOf(last, id).at(-1) ?? ''),
        ids
          .slice(6)
          .map((_, i) => ['', 'restored visible', '', 'restored visible', '', 'restored visible'][i % 6]),
      );
      const twice = await admin(`/v1/reprocess/${done.run}/undo`, 'POST');
      assert.equal(twice.status, 409);
    });

    for (const fault of faults) {
      it(`go on where they were, and tell each change once, when the worker dies after a page was ${fault}`, async () => {
        const { room, ids } = await spoken(60);
        const before = await rowsOf(room);
        const from = bob.frames.length;
        await system.endWorker();
        await system.startWorker({ FAULT: fault });
        const run = await begin({ rooms: [room], redo: 'moderation', dryRun: false, rate: 20 });
        assert.equal((await system.worker().exited).signal, 'SIGKILL');
        await system.startWorker();
        const done = await reaches(run, ['done']);
        await caughtUp(room);
        assert.deepEqual([done.counts.matched, done.counts.applied, done.counts.superseded], [60, 30, 0]);
        const told = framesOf(room, from);
        assert.deepEqual(
          ids.map(id => toldOf(told, id).join(', ')),
          ids.map((_, i) => EXPECTED[i % 6]),
        );
        noGap(room);
        const undo = (await admin(`/v1/reprocess/${run.run}/undo`, 'POST')).body as Run;
        await reaches(undo, ['done']);
        assert.deepEqual(await rowsOf(room), before);
      });
    }

    it('try a draft as the default, and say that they did', async () => {
      const { room } = await spoken(6);
      const rules = [{ id: 'draft/flag', type: 'words', words: ['morning'], action: 'flag' }];
      const draft = { schema: 1, rules: [...rules, { ...RULES[1], action: 'flag' }] };
      const tried = await finished({ rooms: [room], redo: 'moderation', draft });
      assert.deepEqual([tried.drafted, tried.dryRun, 'draft' in tried], [true, true, false]);
      const { rules: hit } = (await admin(`/v1/reprocess/${tried.run}/report`)).body as {
        rules: { rule: string; hits: number }[];
      };
      // The room's own rule replaces the draft's of the same id, as it replaces the default's.
      assert.deepEqual(Object.fromEntries(hit.map(({ rule, hits }) => [rule, hits])), {
        'draft/flag': 1,
        'own/block': 1,
        'own/hold': 1,
        'own/mask': 1,
      });
      const plain = await finished({ rooms: [room], redo: 'moderation' });
      assert.equal('drafted' in plain, false);
    });

    it('leave an account that closes', async () => {
      const report: Report = await reportOf({ ...env, ...auditing() });
      assert.deepEqual(report.findings, []);
    });

    it('pause, change their pace, and are cancelled behind a page', async () => {
      const { room } = await spoken(80);
      const run = await begin({ rooms: [room], redo: 'moderation', dryRun: false, rate: 10 });
      await until(
        'it has begun',
        async () => {
          const { counts } = (await admin(`/v1/reprocess/${run.run}`)).body as Run;
          return counts.matched! > 0;
        },
        60_000,
      );
      assert.equal((await admin(`/v1/reprocess/${run.run}/pause`, 'POST')).status, 200);
      const paused = await reaches(run, ['paused']);
      assert.ok(paused.counts.matched! < 80);
      const faster = await admin(`/v1/reprocess/${run.run}/rate`, 'POST', { rate: 20 });
      assert.equal((faster.body as { rate: number }).rate, 20);
      await admin(`/v1/reprocess/${run.run}/resume`, 'POST');
      await admin(`/v1/reprocess/${run.run}/cancel`, 'POST');
      await until(
        'it has ended',
        async () => ((await admin(`/v1/reprocess/${run.run}`)).body as Run).endedAt !== undefined,
        60_000,
      );
      const cancelled = await reaches(run, ['cancelled']);
      const { rows } = await pool.query(
        `SELECT count(*)::integer AS open FROM reprocess_changes WHERE state = 'planned'`,
      );
      assert.equal(rows[0].open, 0);
      const changed = (await rowsOf(room)).filter(({ status }) => status !== 'visible').length;
      assert.equal(changed, cancelled.counts.applied);
      assert.equal((await admin(`/v1/reprocess/${run.run}/resume`, 'POST')).status, 409);
    });

    it('are asked for, looked at and refused by command, too', async () => {
      const { room } = await spoken(12);
      const command = (...args: string[]) => runCommand('reprocess', { ...env, ...auditing() }, ...args);
      const { code, out, err } = await command('start', '--rooms', room, '--redo', 'moderation', '--wait');
      assert.equal(code, 0, err);
      const run = JSON.parse(out) as Run & { dryRun: boolean };
      assert.deepEqual(
        [run.state, run.dryRun, run.counts.matched, run.counts.changed],
        ['done', true, 12, 6],
      );
      const report = JSON.parse((await command('report', run.run)).out) as { rules: { hits: number }[] };
      assert.deepEqual(
        report.rules.map(({ hits }) => hits),
        [2, 2, 2],
      );
      const listed = JSON.parse((await command('list')).out) as Run[];
      assert.equal(listed[0]!.run, run.run);
      assert.equal((await command('undo', run.run)).code, 1, 'a dry run changed nothing');
      assert.equal((await command('start', '--rate', 'fast')).code, 1);
      assert.equal((await command('begin')).code, 2);
    });

    it('refuse what cannot be asked, and who may not ask', async () => {
      const wrong: [object, string][] = [
        [{ rooms: [] }, 'rooms'],
        [{ rooms: ['No Room'] }, 'rooms'],
        [{ fromId: 3 }, 'rooms'],
        [{ from: 'yesterday' }, 'from'],
        [{ from: '2026-02-02', to: '2026-02-01' }, 'to'],
        [{ redo: 'all' }, 'redo'],
        [{ rate: 0 }, 'rate'],
        [{ maxRemovals: -1 }, 'maxRemovals'],
        [{ draft: { schema: 2, rules: [] } }, 'draft.schema'],
        [{ draft: { schema: 1, rules: [] }, dryRun: false }, 'draft'],
        [{ colour: 'red' }, 'colour'],
      ];
      for (const [request, path] of wrong) {
        const { status, body } = await admin('/v1/reprocess', 'POST', request);
        const { error } = body as { error: { code: string; path: string } };
        assert.deepEqual(
          [status, error.code, error.path],
          [400, 'invalid_field', path],
          JSON.stringify(request),
        );
      }
      assert.equal((await admin('/v1/reprocess', 'POST', {}, ['moderator'])).status, 403);
      assert.equal((await admin('/v1/reprocess/20260101-00000000')).status, 404);
      assert.equal(
        (await admin('/v1/reprocess', 'POST', { policy: { scope: 'default', version: 99 } })).status,
        404,
      );
    });

    const auditing = () => ({
      AUTH_SECRET: SECRET,
      TEMPORAL_ADDRESS: system.services.temporalAddress,
      DATABASE_URL: system.databaseUrl,
    });
  });
}
