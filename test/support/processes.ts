import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { nodeArguments } from '../../src/stack/node-command.ts';
import { guardian } from './stack.ts';

export type RunningProcess = {
  pid: number;
  address: string;
  kill(signal: NodeJS.Signals): void;
  exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** What it has said, the last 100,000 characters. */
  output(): string;
};

const MAX_OUTPUT = 100_000;
const START_TIMEOUT_MS = 120_000;

/** Runs a real entry, or one of the tests' own, as a process of its own; resolves when it says that it is ready. */
export async function startProcess(
  entry: 'gateway' | 'worker' | URL,
  env: Record<string, string>,
): Promise<RunningProcess> {
  const watching = await guardian();
  const url = typeof entry === 'string' ? new URL(`../../src/${entry}.ts`, import.meta.url) : entry;
  const child = spawn(process.execPath, nodeArguments(url), {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // A noisy machine must not make a test's gateway shed load, unless the test is about that.
    env: { PATH: process.env.PATH, HOME: process.env.HOME, MAX_LOOP_DELAY_MS: '60000', ...env },
  });
  watching.watch(child.pid, 'SIGKILL');
  let said = '';
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.on('data', chunk => {
      said = (said + String(chunk)).slice(-MAX_OUTPUT);
    });
  }
  const exited = once(child, 'exit').then(([code, signal]) => {
    watching.forget(child.pid);
    return { code: code as number | null, signal: signal as NodeJS.Signals | null };
  });
  const ready = once(child, 'message').then(([message]) => (message as { address: string }).address);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>(resolve => {
    timer = setTimeout(() => resolve(undefined), START_TIMEOUT_MS);
  });
  const address = await Promise.race([ready, exited.then(() => undefined), late]);
  clearTimeout(timer);
  if (address === undefined) {
    child.kill('SIGKILL');
    throw new Error(`the ${entry} did not start:\n${said}`);
  }
  return { pid: child.pid!, address, kill: signal => child.kill(signal), exited, output: () => said };
}
