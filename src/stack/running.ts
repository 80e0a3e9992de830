/** What a running `npm start` leaves in its data folder, for other commands and a second start to find. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { isRunning, processInfo } from './processes.ts';

export type Running = { pid: number; startedAt: string; env: Record<string, string>; pageUrl?: string };

const fileIn = (dataDir: string) => join(dataDir, 'running.json');

/** The start that runs on this folder, if one does. */
export function readRunning(dataDir: string): Running | undefined {
  const file = fileIn(dataDir);
  if (!existsSync(file)) return undefined;
  try {
    const running = JSON.parse(readFileSync(file, 'utf8')) as Running;
    return isRunning(running) ? running : undefined;
  } catch {
    return undefined;
  }
}

/** Notes what runs here. It holds secrets: for the owner's eyes alone. */
export function writeRunning(dataDir: string, env: Record<string, string>, pageUrl?: string): void {
  mkdirSync(dataDir, { recursive: true });
  const { pid, startedAt } = processInfo(process.pid)!;
  const running: Running = { pid, startedAt, env, ...(pageUrl === undefined ? {} : { pageUrl }) };
  writeFileSync(fileIn(dataDir), JSON.stringify(running), { mode: 0o600 });
}

export function clearRunning(dataDir: string): void {
  rmSync(fileIn(dataDir), { force: true });
}

/** The settings of the start that runs on DATA_DIR, under what the environment itself gives. */
export function withRunning(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv & { PAGE_URL?: string } {
  const running = readRunning(resolve(env.DATA_DIR ?? '.parley'));
  if (running === undefined) return env;
  return { ...running.env, ...(running.pageUrl === undefined ? {} : { PAGE_URL: running.pageUrl }), ...env };
}
