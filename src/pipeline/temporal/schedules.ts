import {
  Client,
  ScheduleAlreadyRunning,
  type ScheduleDescription,
  ScheduleNotFoundError,
  ScheduleOverlapPolicy,
} from '@temporalio/client';
import type { NativeConnection } from '@temporalio/worker';
import type { scheduledTask } from '../../../workflows/index.ts';
import { CATCH_UP_MS, TASK_POLICY, TASK_PRIORITY, TASKS, type TaskName } from '../../../workflows/tasks.ts';
import type { Config, TimeOfDay } from '../../config.ts';
import type { Logger } from '../../logger.ts';
import { type Schedules, type SchedulesLookedAt, timeOf, wordsOf } from '../schedules.ts';
import { connectTemporal } from './connection.ts';
import { installTemporalRuntime } from './worker.ts';

type Deps = { connection: NativeConnection; namespace: string; taskQueue: string };
type Look = { config: Config; address: string; timeoutMs: number; logger: Logger };

const TIMEOUT_MS = 5_000;

/**
 * One Temporal Schedule a task, named after our queue. One that says the same is left alone: what it missed is made
 * up for only while it is not changed. An operator's pause stays.
 */
export function createTemporalSchedules({ connection, namespace, taskQueue }: Deps): Schedules {
  const client = new Client({ connection, namespace });
  const within = <T>(call: () => Promise<T>) => client.withDeadline(Date.now() + TIMEOUT_MS, call);
  const idOf = (name: TaskName) => `${taskQueue}-${name}`;
  const handleOf = (name: TaskName) => client.schedule.getHandle(idOf(name));

  /** Undefined where there is no such schedule. */
  async function found<T>(call: () => Promise<T>): Promise<T | undefined> {
    try {
      return await within(call);
    } catch (error) {
      if (error instanceof ScheduleNotFoundError) return undefined;
      throw error;
    }
  }

  function optionsOf(name: TaskName, { hour, minute }: TimeOfDay) {
    const comment = wordsOf(name, { hour, minute });
    return {
      spec: { calendars: [{ hour, minute, comment }], timezone: 'UTC' },
      action: {
        type: 'startWorkflow' as const,
        workflowType: 'scheduledTask' as const,
        workflowId: idOf(name),
        taskQueue,
        args: [{ name }] as Parameters<typeof scheduledTask>,
        staticSummary: TASK_POLICY[name].summary,
        // Its types do not know of it yet.
        priority: { priorityKey: TASK_PRIORITY },
      },
      policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: CATCH_UP_MS },
      state: { note: comment },
    };
  }

  return {
    async keep({ name, at }) {
      if (at === undefined) {
        await found(() => handleOf(name).delete());
        return;
      }
      const options = optionsOf(name, at);
      try {
        await within(() => client.schedule.create({ scheduleId: idOf(name), ...options }));
      } catch (error) {
        if (!(error instanceof ScheduleAlreadyRunning)) throw error;
        const standing = await within(() => handleOf(name).describe());
        if (commentOf(standing) === options.state.note) return;
        await within(() =>
          handleOf(name).update(({ state: { paused, note } }) => ({
            ...options,
            state: paused ? { paused, ...(note === undefined ? {} : { note }) } : options.state,
          })),
        );
      }
    },

    async list() {
      const standing = await Promise.all(TASKS.map(name => found(() => handleOf(name).describe())));
      return standing.flatMap((schedule, i) => {
        if (schedule === undefined) return [];
        const [calendar] = schedule.spec.calendars ?? [];
        const at = { hour: calendar?.hour[0]?.start ?? 0, minute: calendar?.minute[0]?.start ?? 0 };
        const { paused } = schedule.state;
        return [{ name: TASKS[i]!, at: timeOf(at), next: schedule.info.nextActionTimes[0], paused }];
      });
    },

    async run(name) {
      const triggered = await found(async () => {
        await handleOf(name).trigger(ScheduleOverlapPolicy.SKIP);
        return true;
      });
      return triggered ?? false;
    },
  };
}

const commentOf = ({ spec }: ScheduleDescription) => spec.calendars?.[0]?.comment;

/** The schedules, for who only asks. Throws where Temporal does not answer in time. */
export async function lookAtTemporalSchedules(options: Look): Promise<SchedulesLookedAt> {
  const { config, address, timeoutMs, logger } = options;
  installTemporalRuntime(logger);
  const connection = await connectTemporal({ address, logger, signal: AbortSignal.timeout(timeoutMs) });
  const { temporalNamespace: namespace, pipeline } = config;
  const { list, run } = createTemporalSchedules({ connection, namespace, taskQueue: pipeline.taskQueue });
  return { list, run, close: () => connection.close() };
}
