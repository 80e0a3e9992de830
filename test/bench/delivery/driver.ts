import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { nodeArguments } from '../../../src/stack/node-command.ts';
import { guardian } from '../../support/stack.ts';
import type { Counted, OpenOptions, SendOptions, Sent } from './crowd.ts';
import type { DialectName } from './dialects.ts';

export type Call = { id: number } & (
  | { name: 'open'; args: [OpenOptions] }
  | { name: 'send'; args: [DialectName, string, SendOptions] }
  | { name: 'expect'; args: [number] }
  | { name: 'delivered' | 'counted' | 'close'; args: [] }
);
type Answer = { id: number; value?: unknown; error?: string };
type Waiting = { resolve(value: unknown): void; reject(error: Error): void };

export type Driver = Awaited<ReturnType<typeof startDriver>>;

/** Starts a crowd in a process of its own; calls to it are answered one by one, and reject when it dies. */
export async function startDriver() {
  const watching = await guardian();
  const child = spawn(process.execPath, nodeArguments(new URL('./driver-main.ts', import.meta.url)), {
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
  function ask(name: Call['name'], ...args: unknown[]): Promise<unknown> {
    ids += 1;
    const id = ids;
    return new Promise((resolve, reject) => {
      waiting.set(id, { resolve, reject });
      child.send({ id, name, args }, error => error && reject(error));
    });
  }
  return {
    pid: child.pid!,
    open: async (options: OpenOptions) => void (await ask('open', options)),
    send: async (dialect: DialectName, room: string, options: SendOptions) =>
      (await ask('send', dialect, room, options)) as Sent,
    expect: async (messages: number) => void (await ask('expect', messages)),
    delivered: async () => (await ask('delivered')) as number,
    counted: async () => (await ask('counted')) as Counted,
    close: async () => void (await ask('close')),
    async stop() {
      child.kill('SIGTERM');
      await exited;
    },
  };
}
