/** The services of a test run: the same code as `npm start`, on free ports, begun when a test first asks. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { watchAncestors } from '../../src/stack/ancestors.ts';
import { type Guardian, startGuardian } from '../../src/stack/guardian.ts';
import { freePorts } from '../../src/stack/ports.ts';
import { createDatabase } from '../../src/stack/postgres.ts';
import { type Stack, startStack } from '../../src/stack/stack.ts';

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

/** Wired by .mocharc.json: ends what a test began. */
export async function mochaGlobalTeardown(): Promise<void> {
  const begun = await running?.catch(() => undefined);
  await begun?.stack.stop();
  await begun?.guardian.close();
}
