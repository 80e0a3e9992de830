/**
 * `npm run audit [-- --json]`: is every acknowledged entry accounted for? Exit code 0: it is, or lost with an epoch
 * that is named; 1: it is not, a line each; 2: the audit could not be done.
 */

import { linesOf } from './audit/report.ts';
import { configOrExit } from './config.ts';
import { createAuditor } from './context.ts';
import { createLogger } from './logger.ts';
import { withRunning } from './stack/running.ts';

async function main() {
  const config = configOrExit(withRunning(process.env));
  const auditor = await createAuditor(config, { logger: createLogger({ level: 'silent', part: 'audit' }) });
  try {
    const report = await auditor.run();
    const text = process.argv.includes('--json')
      ? JSON.stringify(report, null, 2)
      : linesOf(report).join('\n');
    process.stdout.write(`${text}\n`);
    if (report.unaccounted > 0) process.exitCode = 1;
  } finally {
    await auditor.close();
  }
}

await main().catch((error: unknown) => {
  process.stderr.write(
    `The audit could not be done: ${error instanceof Error ? error.message : String(error)}\n`,
  );
  process.exitCode = 2;
});
