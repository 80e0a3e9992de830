/**
 * Run by temporal-download.ts: has the SDK fetch the Temporal CLI into a folder. The SDK downloads only on the way to
 * a server, so one is started from what came, which proves that it runs here, and ended at once.
 */
import { TestWorkflowEnvironment } from '@temporalio/testing';

const [downloadDir, version] = process.argv.slice(2) as [string, string];
const executable = { type: 'cached-download' as const, downloadDir, version };
const environment = await TestWorkflowEnvironment.createLocal({ server: { executable, ui: false } });
await environment.teardown();
