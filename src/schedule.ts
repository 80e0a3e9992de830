/** `npm run schedule -- list | run NAME`: the tasks that run by the clock, and one of them now. */
import { TASK_POLICY, TASKS } from '../workflows/tasks.ts';
import { configOrExit } from './config.ts';
import { lookAtSchedules } from './engine.ts';
import { createLogger } from './logger.ts';
import { withRunning } from './stack/running.ts';

const USAGE = `usage: npm run schedule -- list | run ${TASKS.join('|')}\n`;
const TIMEOUT_MS = 5_000;

const say = (line: string) => process.stdout.write(`${line}\n`);

async function main() {
  const [command, given, ...more] = process.argv.slice(2);
  const name = TASKS.find(task => task === given);
  const fits = command === 'list' ? given === undefined : command === 'run' && name !== undefined;
  if (!fits || more.length > 0) {
    process.stderr.write(USAGE);
    process.exitCode = 2;
    return;
  }
  const config = configOrExit(withRunning(process.env));
  const logger = createLogger({ level: 'silent', part: 'schedule' });
  const schedules = await lookAtSchedules({ config, logger, timeoutMs: TIMEOUT_MS });
  try {
    if (name === undefined) {
      for (const { name, at, next, paused } of await schedules.list()) {
        const when = paused ? 'paused' : `next ${next?.toISOString() ?? 'unknown'}`;
        say(`${name.padEnd(8)} ${at} UTC  ${when}  ${TASK_POLICY[name].summary}`);
      }
    } else if (await schedules.run(name)) say(`${name} is started, unless it is under way already.`);
    else {
      say(`${name} has no schedule: it is switched off, or no worker has run yet.`);
      process.exitCode = 1;
    }
  } finally {
    await schedules.close();
  }
}

await main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
});
