/** Temporal's development server with its UI, durable on SQLite. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Environment } from '../config.ts';
import { knowsNamespace } from './namespace-probe.ts';
import { createPart, type Part, type PartContext } from './part.ts';
import { findTemporal } from './temporal-program.ts';

type Options = PartContext & {
  port: number;
  uiPort: number;
  nice: number;
  codecEndpoint: string | undefined;
};

const START_TIMEOUT_MS = 60_000;
const PROBE_TIMEOUT_MS = 2_000;

export async function embeddedTemporal(
  options: Options,
): Promise<{ part: Part; address: string; uiUrl: string }> {
  const { dataDir, port, uiPort, env, nice, codecEndpoint } = options;
  const command = await findTemporal(options);
  const folder = join(dataDir, 'temporal');
  mkdirSync(folder, { recursive: true });
  const address = `127.0.0.1:${port}`;
  const pragmas = ['journal_mode=WAL', 'synchronous=NORMAL'].flatMap(pragma => ['--sqlite-pragma', pragma]);
  const part = createPart({
    context: options,
    name: 'Temporal',
    address,
    command,
    args: [
      ...['server', 'start-dev', '--ip', '127.0.0.1', '--port', String(port), '--ui-port', String(uiPort)],
      ...['--db-filename', join(folder, 'temporal.db'), ...pragmas, '--log-level', 'warn'],
      ...(codecEndpoint === undefined ? [] : ['--ui-codec-endpoint', codecEndpoint]),
    ],
    env: plain(env),
    cwd: folder,
    nice,
    logFile: join(dataDir, 'logs', 'temporal.log'),
    stopSignal: 'SIGTERM',
    // The port opens before the namespace is there.
    answers: () => knowsNamespace(address, { namespace: 'default', timeoutMs: PROBE_TIMEOUT_MS }),
    timeoutMs: START_TIMEOUT_MS,
  });
  await part.start();
  return { part, address, uiUrl: `http://127.0.0.1:${uiPort}` };
}

/** Without the user's TEMPORAL_* variables, which are for another server. */
function plain(env: Environment): Environment {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('TEMPORAL_')));
}
