import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accepts } from '../../../src/stack/ports.ts';
import { guardian } from '../../support/stack.ts';
import { until } from '../../support/until.ts';

export type Server = { pid: number; stop(): Promise<void> };
type Options = { program: string; args: string[]; port: number; env?: Record<string, string>; cwd?: string };

const START_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 5_000;
const KEPT_OUTPUT = 4_000;

/** Runs a server to where it accepts connections on loopback. Throws with the end of what it said. */
export async function startServer({ program, args, port, env, cwd }: Options): Promise<Server> {
  const watching = await guardian();
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
    ...(cwd === undefined ? {} : { cwd }),
  });
  watching.watch(child.pid, 'SIGKILL');
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', chunk => {
      said = (said + String(chunk)).slice(-KEPT_OUTPUT);
    });
  }
  const exited = once(child, 'exit').then(() => watching.forget(child.pid));
  try {
    const up = async () => child.exitCode !== null || (await accepts(port));
    await until(`${program} accepts connections`, up, START_TIMEOUT_MS);
    if (child.exitCode !== null) throw new Error(`${program} ended`);
  } catch (error) {
    child.kill('SIGKILL');
    throw new Error(`${(error as Error).message}\n${said}`);
  }
  return { pid: child.pid!, stop: () => stop(child, exited) };
}

async function stop(child: ChildProcess, exited: Promise<void>) {
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
  await exited;
  clearTimeout(timer);
}
