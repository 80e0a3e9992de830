/**
 * `npm run erase -- USER [REASON]`: erases what a user wrote until now, and says what remains until when. Begun and
 * killed, a worker goes on with it.
 */
import { userInfo } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { configOrExit } from './config.ts';
import { openRetention } from './context/retention.ts';
import { createLogger } from './logger.ts';
import { USER_PATTERN } from './message.ts';
import { withRunning } from './stack/running.ts';
import type { ErasureRecord } from './store/erasures.ts';

const POLL_MS = 500;

async function main() {
  const [user = '', reason] = process.argv.slice(2);
  if (!USER_PATTERN.test(user)) {
    process.stderr.write('usage: npm run erase -- USER [REASON]\n');
    process.exitCode = 2;
    return;
  }
  const config = configOrExit(withRunning(process.env));
  const retention = await openRetention(config, 'erase', {
    logger: createLogger({ level: 'silent', part: 'erase' }),
  });
  try {
    const by = `${userInfo().username} (npm run erase)`;
    const { id } = await retention.erasures.record({ user, by, ...(reason === undefined ? {} : { reason }) });
    let done: ErasureRecord | undefined;
    while (done?.state !== 'done') {
      done = await retention.erase(id);
      // A worker is at it, or at another one.
      if (done === undefined) await delay(POLL_MS);
    }
    process.stdout.write(`${linesOf(done).join('\n')}\n`);
  } finally {
    await retention.close();
  }
}

function linesOf({ id, user, at, counts, remains = [] }: ErasureRecord): string[] {
  return [
    `erasure ${id}: what ${user} wrote until ${at}`,
    ...Object.entries(counts).map(([what, count]) => `  ${what.padEnd(18)} ${count}`),
    'remains',
    ...remains.map(
      ({ where, holds, until, note }) => `  ${where.padEnd(18)} ${holds}  until ${until ?? 'then'}: ${note}`,
    ),
  ];
}

await main().catch((error: unknown) => {
  process.stderr.write(
    `The erasure is not done: ${error instanceof Error ? error.message : String(error)}\nWhere it was recorded, a worker goes on with it.\n`,
  );
  process.exitCode = 1;
});
