import { startChild } from './child.ts';
import type { Counted, OpenOptions, SendOptions, Sent } from './crowd.ts';
import type { DialectName } from './dialects.ts';

export type Call = { id: number } & (
  | { name: 'open'; args: [OpenOptions] }
  | { name: 'send'; args: [DialectName, string, SendOptions] }
  | { name: 'expect'; args: [number] }
  | { name: 'delivered' | 'counted' | 'close'; args: [] }
);
export type Driver = Awaited<ReturnType<typeof startDriver>>;

/** Starts a crowd in a process of its own. */
export async function startDriver() {
  const { pid, ask, stop } = await startChild(new URL('./driver-main.ts', import.meta.url));
  return {
    pid,
    stop,
    open: async (options: OpenOptions) => void (await ask('open', options)),
    send: async (dialect: DialectName, room: string, options: SendOptions) =>
      (await ask('send', dialect, room, options)) as Sent,
    expect: async (messages: number) => void (await ask('expect', messages)),
    delivered: async () => (await ask('delivered')) as number,
    counted: async () => (await ask('counted')) as Counted,
    close: async () => void (await ask('close')),
  };
}
