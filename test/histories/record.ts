/**
 * `npm run histories`: runs three batches, a scheduled task and a run over history on the real Temporal, Redis and Postgres and keeps the histories of their
 * runs beside this file, for the test that replays them. To be run when the flow is changed on purpose: then old
 * runs cannot be taken further by new workers, which is what the test is there to say.
 */
import { writeFileSync } from 'node:fs';
import { Client, type WorkflowHandle } from '@temporalio/client';
import proto from '@temporalio/proto';
import { createActivities } from '../../activities/index.ts';
import { createReprocessSteps } from '../../activities/reprocess.ts';
import { createLogger, type Logger } from '../../src/logger.ts';
import type { Submission } from '../../src/message.ts';
import { createWorkerMetrics } from '../../src/metrics.ts';
import type { TaskRunner } from '../../src/pipeline/schedules.ts';
import { createTemporalEngine } from '../../src/pipeline/temporal/client.ts';
import { createPayloadCodec } from '../../src/pipeline/temporal/codec.ts';
import { connectTemporal } from '../../src/pipeline/temporal/connection.ts';
import { createTemporalSchedules } from '../../src/pipeline/temporal/schedules.ts';
import { createTemporalWorker } from '../../src/pipeline/temporal/worker.ts';
import { createRejudge } from '../../src/reprocess/rejudge.ts';
import { createRevisions } from '../../src/rooms/revisions.ts';
import { createMessageStore } from '../../src/store/messages.ts';
import { createPolicyStore } from '../../src/store/policies.ts';
import { createReprocessStore } from '../../src/store/reprocess.ts';
import type { reprocess } from '../../workflows/index.ts';
import type { Steps } from '../../workflows/steps.ts';
import { openRoomLog } from '../support/room-log.ts';
import { mochaGlobalTeardown, stack } from '../support/stack.ts';
import { until } from '../support/until.ts';
import { scrubbed } from './scrub.ts';

const { History } = proto.temporal.api.history.v1;
const NAME = 'histories';
const OVER_HISTORY = '20260101-00000000';
const RUN_TIMEOUT_MS = 60_000;
/** Attempts of the retried batch's persist that fail: those close by, and one more. */
const FAILURES = 3;

const ANALYSERS = {
  language: {
    version: 'l1',
    detect(text: string) {
      if (text.includes('poison')) throw new TypeError('cannot be read');
      return { code: 'en', confidence: 1 };
    },
  },
  judge: { version: 'm1', judge: () => ({ action: 'allow' as const, rules: [], spans: [], policy: 'p1' }) },
  sentiment: { version: 's1', analyse: () => ({ score: 0.5, label: 'positive' as const }) },
};

type Opened = Awaited<ReturnType<typeof openRoomLog>>;

/** Appends a made-up message, as a gateway does. */
async function submission({ log }: Opened, room: string, content: string): Promise<Submission> {
  const ack = await log.append({ room, user: 'ann', clientId: `c-${room}-${content.length}`, content });
  if ('refused' in ack) throw new Error(ack.refused);
  const { id, offset, revision, timestamp, clientId } = ack;
  const { epoch } = await log.head(room);
  return { room, epoch, id, offset, revision, user: 'ann', clientId: clientId!, content, timestamp };
}

/** The steps, but that the batch `retry` cannot be stored at first. */
function failingAtFirst(steps: Steps): Steps {
  let left = FAILURES;
  return {
    ...steps,
    async persist(input) {
      if (input.batch.id === 'retry' && left-- > 0) throw new Error('the store is away');
      return await steps.persist(input);
    },
  };
}

async function batches(opened: Opened): Promise<Record<string, Submission[]>> {
  const one = (room: string, content: string) => submission(opened, room, content);
  return {
    retry: [await one('lobby', 'good morning')],
    poison: [await one('lobby', 'first'), await one('lobby', 'a poison'), await one('lobby', 'the third')],
    rooms: await Promise.all(['alpha', 'beta', 'gamma', 'delta'].map(room => one(room, `hello ${room}`))),
  };
}

/** The digest, but that its first attempt fails. */
const runTask: TaskRunner = (() => {
  let attempts = 0;
  return async () => {
    attempts += 1;
    if (attempts === 1) throw new Error('the store is away');
    return { digests: 3 };
  };
})();

/** The run that the schedule of the digest began, once it is done. */
async function taskRun(client: Client) {
  const begun = async () => (await client.schedule.getHandle(`${NAME}-digest`).describe()).info.recentActions;
  await until('the schedule has begun a run', async () => (await begun()).length > 0);
  const { workflow } = (await begun())[0]!.action;
  const handle = client.workflow.getHandle(workflow.workflowId, workflow.firstExecutionRunId);
  await client.withDeadline(Date.now() + RUN_TIMEOUT_MS, () => handle.result());
  return handle;
}

/** What takes a run over the rooms of the batches; it is paused before it begins. */
async function overHistory({ pool, log, redis, outcomes }: Opened, logger: Logger) {
  const store = createReprocessStore(pool);
  const policies = createPolicyStore(pool);
  const revisions = createRevisions({ log, redis, outcomes, options: { maxUnstored: 1_000 } });
  const rejudge = createRejudge({ policies, ...ANALYSERS, logger });
  const spec = {
    redo: 'both' as const,
    dryRun: false,
    through: new Date(Date.now() + RUN_TIMEOUT_MS).toISOString(),
    policiesThrough: 0,
  };
  await store.create({ run: OVER_HISTORY, spec, rate: 20, author: 'root' });
  await store.wish(OVER_HISTORY, { want: 'pause' });
  return createReprocessSteps({ store, revisions, rejudge, metrics: createWorkerMetrics(), logger });
}

/** A paused run that an operator resumes by a signal, and that goes on in a second history. */
async function keepOverHistory(client: Client) {
  const run = await client.workflow.start<typeof reprocess>('reprocess', {
    workflowId: OVER_HISTORY,
    taskQueue: NAME,
    args: [{ run: OVER_HISTORY, steps: 2 }],
  });
  await until('it waits', async () => {
    const { events } = await run.fetchHistory();
    return events?.some(({ timerStartedEventAttributes: timer }) => timer) ?? false;
  });
  await run.signal('resume');
  await client.withDeadline(Date.now() + RUN_TIMEOUT_MS, () => run.result());
  await keep('history-continued', client.workflow.getHandle(OVER_HISTORY, run.firstExecutionRunId));
  await keep('history', client.workflow.getHandle(OVER_HISTORY));
}

async function keep(name: string, run: WorkflowHandle) {
  const plain = History.toObject(History.fromObject(await run.fetchHistory()), {
    longs: String,
    enums: String,
    bytes: String,
  });
  const file = new URL(`./${name}.json`, import.meta.url);
  writeFileSync(file, `${JSON.stringify(scrubbed(plain))}\n`);
}

async function record() {
  const { temporalAddress: address } = await stack();
  const logger = createLogger({ level: 'silent', part: NAME });
  const opened = await openRoomLog();
  const connection = await connectTemporal({ address, logger, signal: AbortSignal.timeout(20_000) });
  const codec = createPayloadCodec([]);
  const shared = { connection, namespace: 'default', taskQueue: NAME, codec, logger };
  const store = createMessageStore(opened.pool);
  const metrics = createWorkerMetrics();
  const steps = createActivities({ analysers: ANALYSERS, outcomes: opened.outcomes, store, metrics, logger });
  const activities = { ...failingAtFirst(steps), ...(await overHistory(opened, logger)) };
  const worker = await createTemporalWorker({
    ...shared,
    identity: NAME,
    activities,
    runTask,
    shutdownMs: 5_000,
  });
  const running = worker.run();
  const schedules = createTemporalSchedules(shared);
  const engine = createTemporalEngine({ ...shared, searchable: false });
  const client = new Client({ connection, namespace: shared.namespace });
  try {
    for (const [id, submissions] of Object.entries(await batches(opened))) {
      const run = await engine.start({ id, dispatchedAt: new Date().toISOString(), submissions });
      if ((await run.ended(RUN_TIMEOUT_MS)) !== 'done') throw new Error(`the batch ${id} was not done`);
      await keep(id, client.workflow.getHandle(id));
    }
    await schedules.keep({ name: 'digest', at: { hour: 0, minute: 10 } });
    await schedules.run('digest');
    await keep('task', await taskRun(client));
    await schedules.keep({ name: 'digest', at: undefined });
    await keepOverHistory(client);
  } finally {
    await engine.close();
    worker.shutdown();
    await running;
    await connection.close();
    await opened.close();
  }
}

try {
  await record();
} finally {
  await mochaGlobalTeardown();
}
