import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Guardian, startGuardian } from '../../src/stack/guardian.ts';
import { nodeArguments } from '../../src/stack/node-command.ts';
import { endProcess, isRunning, processInfo } from '../../src/stack/processes.ts';
import { until } from '../support/until.ts';

const children: ChildProcess[] = [];

/** A process that sleeps, in a group of its own as the parts are. */
function sleeper(): ChildProcess & { pid: number } {
  const child = spawn('sleep', ['1000'], { stdio: 'ignore', detached: true });
  children.push(child);
  return child as ChildProcess & { pid: number };
}

async function deafProcess(): Promise<ChildProcess & { pid: number }> {
  const entry = new URL('../support/entries/stubborn.ts', import.meta.url);
  const stdio = ['ignore', 'ignore', 'ignore', 'ipc'] as const;
  const child = spawn(process.execPath, nodeArguments(entry), { stdio: [...stdio], detached: true });
  children.push(child);
  await once(child, 'message');
  return child as ChildProcess & { pid: number };
}

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

describe('processes', () => {
  it('are known by number and start, so that a later one with the same number is another', () => {
    const info = processInfo(process.pid)!;
    assert.equal(info.parent, process.ppid);
    assert.equal(isRunning(info), true);
    assert.equal(isRunning({ ...info, startedAt: `${info.startedAt}0` }), false);
    assert.equal(processInfo(2 ** 22 + 1), undefined);
  });

  it('are never ended in the place of an earlier one', async () => {
    const { pid } = sleeper();
    await endProcess({ pid, startedAt: '1' }, { signal: 'SIGKILL', graceMs: 0 });
    assert.notEqual(processInfo(pid), undefined);
  });

  it('end by SIGKILL when they do not hear the signal in time', async () => {
    const child = await deafProcess();
    const exited = once(child, 'exit');
    await endProcess(processInfo(child.pid)!, { signal: 'SIGTERM', graceMs: 100 });
    assert.deepEqual(await exited, [null, 'SIGKILL']);
  });

  it('end by their signal also when they were stopped', async () => {
    const child = sleeper();
    const exited = once(child, 'exit');
    child.kill('SIGSTOP');
    await endProcess(processInfo(child.pid)!, { signal: 'SIGTERM', graceMs: 10_000 });
    assert.deepEqual(await exited, [null, 'SIGTERM']);
  });
});

describe('the guardian', function () {
  this.timeout(120_000);
  let guardian: Guardian | undefined;

  afterEach(async () => {
    await guardian?.close();
  });

  it('ends at its close what it still watches, and nothing that it was told to forget', async () => {
    guardian = startGuardian();
    const [kept, left] = [sleeper(), sleeper()];
    guardian.watch(kept.pid, 'SIGTERM');
    guardian.watch(left.pid, 'SIGTERM');
    guardian.forget(kept.pid);
    assert.deepEqual(guardian.watched(), [{ pid: left.pid, startedAt: processInfo(left.pid)!.startedAt }]);
    const ended = once(left, 'exit');
    await guardian.close();
    assert.deepEqual(await ended, [null, 'SIGTERM']);
    assert.equal(kept.exitCode, null);
    assert.equal(kept.signalCode, null);
  });

  it('ends what was watched newest first', async () => {
    guardian = startGuardian();
    const folder = mkdtempSync(join(tmpdir(), 'parley-order-'));
    const file = join(folder, 'order');
    const order = () => (existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : []);
    for (const name of ['first', 'second', 'third']) {
      // Each says itself when it ends: a parent may hear of several ends at once, in any order.
      const script = `trap 'echo ${name} >> ${file}; exit 0' TERM; echo; while :; do sleep 0.05; done`;
      const child = spawn('sh', ['-c', script], { stdio: ['ignore', 'pipe', 'ignore'], detached: true });
      children.push(child);
      await once(child.stdout, 'data');
      guardian.watch(child.pid, 'SIGTERM');
    }
    await guardian.close();
    await until('all have ended', () => order().length === 3);
    assert.deepEqual(order(), ['third', 'second', 'first']);
    rmSync(folder, { recursive: true });
  });

  it('is replaced when it is killed, and the next one knows everything', async () => {
    guardian = startGuardian();
    const watched = sleeper();
    guardian.watch(watched.pid, 'SIGTERM');
    const folder = mkdtempSync(join(tmpdir(), 'parley-guardian-'));
    writeFileSync(join(folder, 'file'), 'content');
    guardian.removeAtEnd(folder);
    const first = guardian.pid!;
    process.kill(first, 'SIGKILL');
    await until('there is another one', () => guardian?.pid !== first);
    const ended = once(watched, 'exit');
    await guardian.close();
    assert.deepEqual(await ended, [null, 'SIGTERM']);
    assert.equal(existsSync(folder), false);
  });

  it('ends what it watches also when it was killed just before its close', async () => {
    guardian = startGuardian();
    const watched = sleeper();
    guardian.watch(watched.pid, 'SIGTERM');
    process.kill(guardian.pid!, 'SIGKILL');
    const ended = once(watched, 'exit');
    await guardian.close();
    assert.deepEqual(await ended, [null, 'SIGTERM']);
  });
});
