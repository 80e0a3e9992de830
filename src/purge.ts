/**
 * `npm run purge`: makes tombstones of what is older than its room keeps, at once; what a schedule does by itself.
 * Exit code 1 where another process is at it.
 */
import { userInfo } from 'node:os';
import { configOrExit } from './config.ts';
import { openRetention } from './context/retention.ts';
import { createLogger } from './logger.ts';
import { withRunning } from './stack/running.ts';

async function main() {
  const config = configOrExit(withRunning(process.env));
  const retention = await openRetention(config, 'purge', {
    logger: createLogger({ level: 'silent', part: 'purge' }),
  });
  try {
    const { rooms, messages, letters, busy } = await retention.purgeExpired({
      by: `${userInfo().username} (npm run purge)`,
    });
    if (busy) {
      process.stderr.write('Another process purges already.\n');
      process.exitCode = 1;
    } else
      process.stdout.write(
        `${messages} messages of ${rooms} rooms and ${letters} dead letters have expired\n`,
      );
  } finally {
    await retention.close();
  }
}

await main().catch((error: unknown) => {
  process.stderr.write(
    `The purge ended half-way: ${error instanceof Error ? error.message : String(error)}\n`,
  );
  process.exitCode = 2;
});
