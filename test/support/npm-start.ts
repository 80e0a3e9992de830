import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePorts } from '../../src/stack/ports.ts';
import { isRunning, type ProcessInfo } from '../../src/stack/processes.ts';
import { readLastRun } from '../../src/stack/running.ts';
import { listeningPorts, processTree, takenPorts } from './process-tree.ts';
import { until } from './until.ts';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
const READY_TIMEOUT_MS = 120_000;
const GONE_TIMEOUT_MS = 60_000;

/** Everything that one start brought into the world. */
export type Traces = { processes: ProcessInfo[]; ports: number[] };

/** A data folder of its own and free ports, as `npm start` takes them from its environment. */
export async function placeToStart() {
  const dataDir = mkdtempSync(join(tmpdir(), 'parley-start-'));
  const names = [
    ...['PORT', 'ADMIN_PORT', 'WORKER_ADMIN_PORT', 'TEMPORAL_UI_PORT'],
    ...['EMBEDDED_POSTGRES_PORT', 'EMBEDDED_REDIS_PORT', 'EMBEDDED_TEMPORAL_PORT'],
  ];
  const ports = await freePorts(names.length);
  const env: Record<string, string> = Object.fromEntries(names.map((name, i) => [name, String(ports[i])]));
  return {
    dataDir,
    env: { ...env, DATA_DIR: dataDir } as Record<string, string>,
    remove: () => rmSync(dataDir, { recursive: true, force: true }),
  };
}

/** Runs a command in the repository, such as `npm start`, with the given settings and nothing of the test's own. */
export function run(command: string[], env: Record<string, string>) {
  const [program, ...args] = command;
  const base = { PATH: process.env.PATH, HOME: process.env.HOME, npm_config_update_notifier: 'false' };
  const child = spawn(program!, args, { cwd: REPOSITORY, env: { ...base, ...env }, stdio: 'pipe' });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', chunk => {
      said += String(chunk);
    });
  }
  const exited = once(child, 'exit').then(([code, signal]) => ({ code, signal }));
  return { child, output: () => said, exited };
}

/** `npm start`, from its launch until nothing of it is left. */
export function npmStart(env: Record<string, string>, command = ['npm', 'start']) {
  const { child, output, exited } = run(command, env);
  const dataDir = env.DATA_DIR!;
  const startPid = () => readLastRun(dataDir)?.pid;

  return {
    child,
    output,
    exited,
    /** The page's URL, from the ready line. */
    async ready(): Promise<string> {
      const settled = () => /^ready /m.test(output()) || child.exitCode !== null;
      await until('npm start is ready', settled, READY_TIMEOUT_MS).catch((error: unknown) => {
        throw new Error(`${String(error)}; it said:\n${output()}`);
      });
      const url = /^ready (\S+)$/m.exec(output())?.[1];
      if (url === undefined) throw new Error(`npm start ended:\n${output()}`);
      return url;
    },
    startPid,
    guardianPid: () => readLastRun(dataDir)?.guardian?.pid,
    /** The process that answers for a part now, by the newest line that names it. */
    pidOf: (name: string): number | undefined => {
      const lines = [...output().matchAll(new RegExp(`^${name} .* pid (\\d+)$`, 'gm'))];
      return Number(lines.at(-1)?.[1]) || undefined;
    },
    /** All processes from npm downwards, and the ports on which they listen. */
    traces(): Traces {
      const roots = [child.pid!, startPid() ?? child.pid!];
      const processes = roots.flatMap(processTree);
      return { processes, ports: listeningPorts(processes) };
    },
  };
}

/** Waits until nothing of it is left; throws with what is. */
export async function untilGone({ processes, ports }: Traces): Promise<void> {
  const left = () => [
    ...processes.filter(isRunning).map(({ pid }) => `process ${pid}`),
    ...ports.filter(port => takenPorts().has(port)).map(port => `port ${port}`),
  ];
  await until('everything is gone', () => left().length === 0, GONE_TIMEOUT_MS).catch(error => {
    throw new Error(`${String(error)}; left: ${left().join(', ')}`);
  });
}
