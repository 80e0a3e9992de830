import { defineSearchAttributeKey } from '@temporalio/common';
import { proxyActivities, setCurrentDetails, workflowInfo } from '@temporalio/workflow';
import { BACKOFF, NEVER_AGAIN } from './steps.ts';
import { TASK_HEARTBEAT, TASK_POLICY, type TaskName, type TaskReport, type TaskRun } from './tasks.ts';

/** Set by the server on what a schedule starts. */
const SCHEDULED_FOR = defineSearchAttributeKey('TemporalScheduledStartTime', 'DATETIME');

/** One run of a scheduled task: an ordinary activity, whose attempts and last failure operators see. */
export async function scheduledTask({ name }: { name: TaskName }): Promise<TaskReport> {
  const { timeoutMs, attempts, firstRetryMs, maxRetryMs } = TASK_POLICY[name];
  const { runTask } = proxyActivities<{ runTask(run: TaskRun): Promise<TaskReport> }>({
    startToCloseTimeout: timeoutMs,
    heartbeatTimeout: TASK_HEARTBEAT.timeoutMs,
    retry: {
      maximumAttempts: attempts,
      initialInterval: firstRetryMs,
      maximumInterval: maxRetryMs,
      backoffCoefficient: BACKOFF,
      nonRetryableErrorTypes: [NEVER_AGAIN],
    },
  });
  const { typedSearchAttributes, startTime } = workflowInfo();
  const scheduledFor = (typedSearchAttributes.get(SCHEDULED_FOR) ?? startTime).toISOString();
  const report = await runTask({ name, scheduledFor });
  const counts = Object.entries(report).map(([what, value]) => `${what}: ${value}`);
  setCurrentDetails(`for ${scheduledFor}\n\n${counts.join('\n')}`);
  return report;
}
