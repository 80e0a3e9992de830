/**
 * `npm run audit [-- --json] [--set-aside]`: is every acknowledged entry accounted for? Exit code 0: it is, or lost
 * with an epoch that is named; 1: it is not, a line each; 2: the audit could not be done. `--set-aside` makes dead
 * letters of the entries that were dropped on their way, which `npm run dead-letters -- redrive all` takes further.
 */

import { linesOf } from './audit/report.ts';
import { configOrExit } from './config.ts';
import { createAuditor } from './context/auditor.ts';
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
    const setAside = process.argv.includes('--set-aside') ? await auditor.setAside(report) : 0;
    if (setAside > 0) process.stderr.write(`${setAside} dropped entries are dead letters now\n`);
    if (report.unaccounted > setAside) process.exitCode = 1;
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
