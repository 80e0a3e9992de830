/** The services of a test run: the same code as `npm start`, on free ports, begun when a test first asks. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { watchAncestors } from '../../src/stack/ancestors.ts';
import { type Guardian, startGuardian } from '../../src/stack/guardian.ts';
import { freePorts } from '../../src/stack/ports.ts';
import { createDatabase } from '../../src/stack/postgres.ts';
import { type Stack, startStack } from '../../src/stack/stack.ts';
import { findTemporal } from '../../src/stack/temporal-program.ts';

export type TestStack = Stack & { temporalAddress: string };
let running: Promise<{ stack: TestStack; guardian: Guardian }> | undefined;
let databases = 0;

/** The run's Postgres, Redis and Temporal. */
export async function stack(): Promise<TestStack> {
  running ??= begin();
  return (await running).stack;
}

/** What else is to be ended with the run, however it ends. */
export async function guardian(): Promise<Guardian> {
  running ??= begin();
  return (await running).guardian;
}

/** The URL of a fresh, empty database. */
export async function freeDatabase(): Promise<string> {
  const { databaseUrl } = await stack();
  databases += 1;
  const name = `test_${process.pid}_${databases}`;
  await createDatabase(databaseUrl, name);
  return databaseUrl.replace(/\/[^/]*$/, `/${name}`);
}

async function begin() {
  const dataDir = mkdtempSync(join(tmpdir(), 'parley-test-'));
  const [postgres, redis, temporal, temporalUi] = (await freePorts(4)) as [number, number, number, number];
  const guardian = startGuardian();
  guardian.removeAtEnd(dataDir);
  // A run whose own starter was killed would go on for nobody; the guardian then clears up.
  watchAncestors(() => process.exit(1));
  const starting = startStack({
    dataDir,
    given: {},
    ports: { postgres, redis, temporal, temporalUi },
    install: 'auto',
    nice: 10,
    env: process.env,
    report: line => process.stderr.write(`    ${line}\n`),
    guardian,
  });
  // A run without its services must not wait for a guardian of nothing.
  const stack = await starting.catch(async (error: unknown) => {
    await guardian.close();
    throw error;
  });
  const { temporalAddress } = stack;
  if (temporalAddress === undefined) throw new Error('the run has no Temporal');
  return { stack: { ...stack, temporalAddress }, guardian };
}

/**
 * Wired by .mocharc.json: what tests share is built before them, once: Temporal, which the first run on a machine
 * waits for by minutes, and the page. Where they are there already, this looks at files.
 */
export async function mochaGlobalSetup(): Promise<void> {
  const report = (line: string) => process.stderr.write(`    ${line}\n`);
  await findTemporal({ env: process.env, report, guardian: undefined, stopping: undefined });
  // Its bundler takes a second to load, which no other process of a run needs.
  const { buildPage } = await import('../../src/web/build.ts');
  await buildPage();
}

/** Ends what a test, or a benchmark, began. */
export async function mochaGlobalTeardown(): Promise<void> {
  const begun = await running?.catch(() => undefined);
  running = undefined;
  await begun?.stack.stop();
  await begun?.guardian.close();
}

const STOP_TIMEOUT_MS = 120_000;
const LINGER_MS = 20_000;

/** One of the processes that run files side by side, each with services of its own until it ends. */
const isOneOfMany = process.env.MOCHA_WORKER_ID !== undefined;

/** Wired by .mocharc.json: ends the services with the last test, and a run that something left open would keep. */
export const mochaHooks = {
  async afterAll(this: Mocha.Context) {
    // This one comes after each file, and nothing after the last: the guardian sees the process end.
    if (isOneOfMany) return;
    this.timeout(STOP_TIMEOUT_MS);
    const passed = allPassed(this.test!.parent!);
    await mochaGlobalTeardown();
    const end = () => {
      const open = [...new Set(process.getActiveResourcesInfo())].join(', ');
      process.stderr.write(`    something was left open (${open}): the run is ended\n`);
      process.exit(passed ? 0 : 1);
    };
    setTimeout(end, LINGER_MS).unref();
  },
};

function allPassed({ tests, suites }: Mocha.Suite): boolean {
  return tests.every(test => test.isPending() || test.isPassed()) && suites.every(allPassed);
}
