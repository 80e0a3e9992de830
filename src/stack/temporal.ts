/** Temporal's development server with its UI, durable on SQLite. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Guardian } from './guardian.ts';
import { createPart, type Part } from './part.ts';
import { accepts } from './ports.ts';
import { outputOf } from './programs.ts';
import { findTemporal } from './temporal-program.ts';

type Options = {
  dataDir: string;
  port: number;
  uiPort: number;
  report(line: string): void;
  guardian: Guardian | undefined;
};

const START_TIMEOUT_MS = 60_000;

export async function embeddedTemporal(
  options: Options,
): Promise<{ part: Part; address: string; uiUrl: string }> {
  const { dataDir, port, uiPort, guardian, report } = options;
  const command = await findTemporal({ report });
  const folder = join(dataDir, 'temporal');
  mkdirSync(folder, { recursive: true });
  const address = `127.0.0.1:${port}`;
  const pragmas = ['journal_mode=WAL', 'synchronous=NORMAL'].flatMap(pragma => ['--sqlite-pragma', pragma]);
  const part = createPart({
    name: 'Temporal',
    address,
    command,
    args: [
      ...['server', 'start-dev', '--ip', '127.0.0.1', '--port', String(port), '--ui-port', String(uiPort)],
      ...['--db-filename', join(folder, 'temporal.db'), ...pragmas, '--log-level', 'warn'],
    ],
    logFile: join(dataDir, 'logs', 'temporal.log'),
    stopSignal: 'SIGTERM',
    answers: async () => (await accepts(port)) && (await serves(command, address)),
    timeoutMs: START_TIMEOUT_MS,
    guardian,
  });
  await part.start();
  return { part, address, uiUrl: `http://127.0.0.1:${uiPort}` };
}

/** The port opens before the namespace is there. */
async function serves(command: string, address: string): Promise<boolean> {
  const args = ['operator', 'namespace', 'describe', '--namespace', 'default', '--address', address];
  return (await outputOf(command, args, 5_000)) !== undefined;
}
