import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { createActivities } from '../../activities/index.ts';
import { createLanguageDetector } from '../../src/enrichment/language.ts';
import { createSentimentAnalyser } from '../../src/enrichment/sentiment.ts';
import { Unopenable } from '../../src/errors.ts';
import { createLogger } from '../../src/logger.ts';
import { createWorkerMetrics } from '../../src/metrics.ts';
import { createLivePolicies, type LivePolicies } from '../../src/moderation/live.ts';
import { createRoomJudge } from '../../src/moderation/room-judge.ts';
import { createMessageStore } from '../../src/store/messages.ts';
import { createPolicyStore } from '../../src/store/policies.ts';
import type { Batch, Steps } from '../../workflows/steps.ts';
import { runAudit } from './audit.ts';
import { type Batches, KEYED, type KeyedEngines } from './payload-key.ts';
import { newRoom, openRoomLog } from './room-log.ts';
import { SECRET } from './socket.ts';
import { stack } from './stack.ts';
import { until } from './until.ts';

const logger = createLogger({ level: 'silent', part: 'test' });
const CANARY = 'the canary sings at dawn, you fucking canary';
const keyOf = (id: string) => ({ id, key: randomBytes(32) });
const [OLD, NEW] = [keyOf('old'), keyOf('new')];
const asVariable = (...keys: (typeof OLD)[]) =>
  keys.map(({ id, key }) => `${id}:${key.toString('base64')}`).join(',');

/** Takes a room's entries out of the intake, as a dispatcher does once a start is durable. */
async function leaveIntake({ log, redis }: Awaited<ReturnType<typeof openRoomLog>>, room: string) {
  const { intake } = log.keysOf(room);
  for (const [entryId, fields] of await redis.xrange(intake, '-', '+'))
    if (fields[fields.indexOf('room') + 1] === room) assert.equal(await redis.xdel(intake, entryId), 1);
}

/** What an engine stores of messages is encrypted; who lacks a key says which. */
export function describePayloadKey(kind: keyof typeof KEYED): void {
  const open = KEYED[kind]!;
  describe(`PAYLOAD_KEY on ${kind}`, function () {
    this.timeout(240_000);
    const queue = `payload-key-${kind}-${process.pid}`;
    const plain: Batch = { id: `batch-plain-${queue}`, dispatchedAt: '', submissions: [] };
    const sealed: Batch = { id: `batch-sealed-${queue}`, dispatchedAt: '', submissions: [] };
    let log: Awaited<ReturnType<typeof openRoomLog>>;
    let engines: KeyedEngines;
    let steps: Steps;
    let policies: LivePolicies;
    const opened: Batches[] = [];
    const engineOf = (...keys: (typeof OLD)[]) => {
      opened.push(engines.engine(keys));
      return opened.at(-1)!;
    };

    before(async () => {
      log = await openRoomLog();
      engines = await open(queue);
      const { since } = createPolicyStore(log.pool);
      policies = createLivePolicies({ since, logger });
      await policies.load();
      steps = createActivities({
        analysers: {
          language: await createLanguageDetector(),
          judge: createRoomJudge(policies),
          sentiment: createSentimentAnalyser(),
        },
        outcomes: log.outcomes,
        store: createMessageStore(log.pool),
        metrics: createWorkerMetrics(),
        logger,
      });
      const room = newRoom();
      for (const batch of [plain, sealed]) {
        batch.dispatchedAt = new Date().toISOString();
        const ack = await log.log.append({
          room,
          user: 'ann',
          clientId: batch.id.slice(0, 20),
          content: CANARY,
        });
        assert.ok(!('refused' in ack));
        const { id, offset, revision, timestamp } = ack;
        const { epoch } = await log.log.head(room);
        const place = { room, epoch, id, offset, revision, timestamp };
        batch.submissions.push({ ...place, user: 'ann', clientId: ack.clientId!, content: CANARY });
      }
    });
    after(async () => {
      for (const engine of opened) await engine.close();
      await engines?.close();
      await policies?.close();
      await log?.close();
    });

    const named = async (engine: Batches) => {
      const ids = new Set<string>();
      for await (const { id } of engine.unfinished()) ids.add(id);
      return [...ids].sort();
    };

    it('keeps the text out of what the engine stores, where it stands without a key', async () => {
      await engineOf().start(plain);
      await engineOf(OLD).start(sealed);
      await leaveIntake(log, plain.submissions[0]!.room);
      assert.ok((await engines.stored(plain.id)).includes('canary sings'));
      const bytes = await engines.stored(sealed.id);
      assert.ok(bytes.includes('old'), 'it names its key');
      assert.ok(!bytes.includes('canary'));
    });

    it('names unfinished batches to who has the keys, and fails for who lacks one', async () => {
      const both = [plain.id, sealed.id];
      await until('both are named', async () => (await named(engineOf(NEW, OLD))).length === 2, 60_000);
      assert.deepEqual(await named(engineOf(OLD)), both);
      for (const engine of [engineOf(), engineOf(NEW)]) {
        await assert.rejects(named(engine), (error: unknown) => {
          assert.ok(error instanceof Unopenable);
          assert.match(error.message, /the key "old", which PAYLOAD_KEY lacks/);
          return true;
        });
      }
    });

    it('lets an audit read them, or says which key it lacks', async () => {
      const { redisUrl, temporalAddress } = await stack();
      const databaseUrl = log.pool.options.connectionString!;
      const env = {
        ...{ AUTH_SECRET: SECRET, DATABASE_URL: databaseUrl, REDIS_URL: redisUrl },
        ...{ TEMPORAL_ADDRESS: temporalAddress, TEMPORAL_TASK_QUEUE: queue, PIPELINE_ENGINE: kind },
      };
      // Entries that are some seconds old are looked for in the engine, and not before.
      await until(
        'it asks the engine, and fails by name',
        async () => {
          const { code, err } = await runAudit({ ...env, PAYLOAD_KEY: asVariable(NEW) });
          return code === 2 && /the key "old", which PAYLOAD_KEY lacks/.test(err);
        },
        60_000,
      );
      // Other tests' rooms are in another database: what it finds of them is no matter here.
      const { code, err } = await runAudit({ ...env, PAYLOAD_KEY: asVariable(NEW, OLD) });
      assert.notEqual(code, 2, err);
    });

    it('goes on with neither batch lost: with the key missing it waits, with both it ends', async () => {
      const end = await engines.work([NEW], steps);
      await until(
        'it says why it waits',
        async () => /which PAYLOAD_KEY lacks/.test((await engines.lastFailure(sealed.id)) ?? ''),
        60_000,
      );
      await end();
      const engine = engineOf(NEW, OLD);
      const run = await engine.start(sealed);
      const endBoth = await engines.work([NEW, OLD], steps);
      assert.equal(await run.ended(60_000), 'done');
      await until('the plain one too', async () => (await named(engine)).length === 0, 60_000);
      await endBoth();
      for (const { submissions } of [plain, sealed]) {
        const { room, id } = submissions[0]!;
        const stored = await createMessageStore(log.pool).byId(room, id);
        assert.deepEqual([stored?.original, stored?.status], [CANARY, 'masked']);
      }
      const bytes = await engines.stored(sealed.id);
      assert.ok(!bytes.includes('canary'), 'nor do results, markers and journals hold it');
      if (kind === 'temporal') assert.ok(bytes.includes('new'), 'what came later is under the first key');
    });
  });
}
