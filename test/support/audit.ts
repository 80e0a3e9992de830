import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Pool } from 'pg';
import { createAudit } from '../../src/audit/audit.ts';
import type { Finding, Report } from '../../src/audit/report.ts';
import { createLogger } from '../../src/logger.ts';
import { createTemporalEngine } from '../../src/pipeline/temporal/client.ts';
import { createPayloadCodec } from '../../src/pipeline/temporal/codec.ts';
import { connectTemporal } from '../../src/pipeline/temporal/connection.ts';
import { createAccountLog } from '../../src/rooms/account.ts';
import { connectRedis, whenReady } from '../../src/rooms/redis.ts';
import { createScripts } from '../../src/rooms/scripts.ts';
import { nodeArguments } from '../../src/stack/node-command.ts';
import { createAccountStore } from '../../src/store/account.ts';
import { PATIENT } from './socket.ts';

/** Runs the operator's command; its exit code, and what it said. */
export const runAudit = (env: Record<string, string>, ...args: string[]) => runCommand('audit', env, ...args);

/** Runs one of the commands for operators, by its file in `src`, or a program of the tests. */
export async function runCommand(
  name: 'audit' | 'dead-letters' | 'purge' | 'erase' | URL | 'reprocess',
  env: Record<string, string>,
  ...args: string[]
) {
  const child = spawn(
    process.execPath,
    [
      ...nodeArguments(typeof name === 'string' ? new URL(`../../src/${name}.ts`, import.meta.url) : name),
      ...args,
    ],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env.PATH,
        HOME: process.env.HOME,
        DATA_DIR: join(tmpdir(), 'parley-no-such'),
        ...PATIENT,
        ...env,
      },
      timeout: 120_000,
    },
  );
  let [out, err] = ['', ''];
  child.stdout.on('data', chunk => {
    out += String(chunk);
  });
  child.stderr.on('data', chunk => {
    err += String(chunk);
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, out, err };
}

export async function reportOf(env: Record<string, string>): Promise<Report & { code: number | null }> {
  const { code, out, err } = await runAudit(env, '--json');
  if (out === '') throw new Error(`the audit said nothing: ${err}`);
  return { ...(JSON.parse(out) as Report), code };
}

/** What was found, in an order of its own. */
export function namesOf(findings: Finding[]): string[] {
  return findings.map(({ kind, room, id, offset }) => `${kind} ${room} ${id ?? `at ${offset}`}`).sort();
}

/** An audit in this process, as a worker makes it, but without rests and nearly without patience. */
export async function openAudit(env: Record<string, string>, pool: Pool) {
  const logger = createLogger({ level: 'silent', part: 'test' });
  const redis = connectRedis({ url: env.REDIS_URL!, timeoutMs: 30_000, name: 'audit', logger });
  await whenReady(redis, 30_000);
  const signal = AbortSignal.timeout(60_000);
  const connection = await connectTemporal({ address: env.TEMPORAL_ADDRESS!, logger, signal });
  const taskQueue = env.TEMPORAL_TASK_QUEUE!;
  const engine = createTemporalEngine({
    connection,
    namespace: 'default',
    taskQueue,
    searchable: false,
    codec: createPayloadCodec([]),
    logger,
  });
  const log = createAccountLog({ redis, scripts: createScripts(redis), partitions: 16 });
  const store = createAccountStore(pool);
  return {
    audit: createAudit({ log, store, engine, options: { share: 1, graceMs: 500 } }),
    store,
    async close() {
      await engine.close();
      await connection.close();
      redis.disconnect();
    },
  };
}
