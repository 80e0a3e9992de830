/** A process of its own (see temporal-program.ts): has the SDK fetch the pinned CLI, and keeps it under the target. */
import { copyFileSync, existsSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { TestWorkflowEnvironment } from '@temporalio/testing';

const [version, downloadDir, target] = process.argv.slice(2) as [string, string, string];
const executable = { type: 'cached-download' as const, downloadDir, version };
const environment = await TestWorkflowEnvironment.createLocal({ server: { executable, ui: false } });
await environment.teardown();
const fetched = readdirSync(downloadDir).find(
  name => name.startsWith('temporal-sdk-') || name === 'temporal',
);
if (fetched !== undefined && !existsSync(target)) {
  copyFileSync(join(downloadDir, fetched), `${target}.${process.pid}`);
  renameSync(`${target}.${process.pid}`, target);
}
