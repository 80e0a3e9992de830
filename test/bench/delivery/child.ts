import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { nodeArguments } from '../../../src/stack/node-command.ts';
import { guardian } from '../../support/stack.ts';

export type Asked = { id: number; name: string; args: unknown[] };
type Answer = { id: number; value?: unknown; error?: string };
type Waiting = { resolve(value: unknown): void; reject(error: Error): void };

export type Child = Awaited<ReturnType<typeof startChild>>;

/** Runs a file of ours as a process that answers calls (`answerCalls`); they reject when it ends early. */
export async function startChild(main: URL) {
  const watching = await guardian();
  const child = spawn(process.execPath, nodeArguments(main), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    serialization: 'advanced',
  });
  watching.watch(child.pid, 'SIGKILL');
  const waiting = new Map<number, Waiting>();
  let ids = 0;
  child.on('message', ({ id, value, error }: Answer) => {
    const one = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) one?.resolve(value);
    else one?.reject(new Error(error));
  });
  const exited = once(child, 'exit').then(() => {
    watching.forget(child.pid);
    for (const { reject } of waiting.values()) reject(new Error('a driver ended early'));
  });
  return {
    pid: child.pid!,
    ask(name: string, ...args: unknown[]): Promise<unknown> {
      ids += 1;
      const id = ids;
      return new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject });
        child.send({ id, name, args }, error => error && reject(error));
      });
    },
    async stop() {
      child.kill('SIGTERM');
      await exited;
    },
  };
}

/** The other end: answers each call by `run`, and ends with the process that asks. */
export function answerCalls<Call extends { id: number }>(run: (call: Call) => unknown): void {
  const answer = async (call: Call) => {
    try {
      process.send!({ id: call.id, value: await run(call) });
    } catch (error) {
      process.send!({ id: call.id, error: (error as Error).message });
    }
  };
  process.on('message', (call: Call) => void answer(call));
  process.on('disconnect', () => process.exit(0));
}
