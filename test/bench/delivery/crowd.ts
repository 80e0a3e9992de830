/** Clients of one driver process: they join rooms, count what each of them gets, and send at a given rate. */
import { DIALECTS, type DialectName } from './dialects.ts';
import { carriesText, findMarks, nowUs, textOf } from './text.ts';
import { createWires, type Wire } from './wire.ts';

export type OpenOptions = {
  dialect: DialectName;
  url: string;
  /** Client i joins the room i modulo their number. */
  rooms: string[];
  users: string;
  count: number;
};
export type SendOptions = { perSecond: number; count: number; warming: boolean };
export type Sent = {
  sent: number;
  acked: number;
  refused: number;
  firstRefusal: string | undefined;
  /** Why a sending connection ended early: what it had sent then is not answered. */
  lineLost: string | undefined;
};
export type Counted = {
  /** Deliveries, each client and message once. */
  unique: number;
  doubles: number;
  /** Clients whose line ended. */
  lost: number;
  /** Deliveries by latency: [steps of STEP_US, how many]. */
  latencies: [number, number][];
};

/** The resolution of latencies; the last step holds all that took longer than a minute. */
export const STEP_US = 20;
const STEPS = 3_000_000;
const OPEN_AT_ONCE = 40;
const ACK_TIMEOUT_MS = 30_000;
const READY_TIMEOUT_MS = 30_000;
/** After that many bytes a control frame is no ping of any dialect; receivers do not look into it. */
const CONTROL_BYTES = 16;

type Client = { wire: Wire | undefined; seen: Uint8Array; ready: boolean };

export function createCrowd() {
  const wires = createWires();
  const clients: Client[] = [];
  const histogram = new Uint32Array(STEPS);
  const count = { unique: 0, doubles: 0, lost: 0, acked: 0, refused: 0, expected: 0 };
  let firstRefusal: string | undefined;
  let lineLost: string | undefined;
  let sending = false;
  let acknowledged = () => {};

  async function open({ dialect: name, url, rooms, users, count: wanted }: OpenOptions) {
    const queue = Array.from({ length: wanted }, (_, i) => i);
    const worker = async () => {
      for (let i = queue.shift(); i !== undefined; i = queue.shift()) {
        await openClient(name, url, rooms[i % rooms.length]!, `${users}${i}`);
      }
    };
    await Promise.all(Array.from({ length: OPEN_AT_ONCE }, worker));
  }

  async function openClient(name: DialectName, url: string, room: string, user: string) {
    const dialect = DIALECTS[name];
    const client: Client = { wire: undefined, seen: new Uint8Array(count.expected), ready: false };
    const early: string[] = [];
    let joined = () => {};
    let failed: (error: Error) => void = () => {};
    const ready = new Promise<void>((resolve, reject) => {
      joined = resolve;
      failed = reject;
    });
    ready.catch(() => undefined);
    const timer = setTimeout(() => failed(new Error(`${name}: not in its room in time`)), READY_TIMEOUT_MS);

    const react = (line: string) => {
      if (line === '' || carriesText(line)) return;
      const { send, ready: isReady, acked, refused } = dialect.react(line, room);
      if (send !== undefined) client.wire!.send(send);
      if (isReady) {
        client.ready = true;
        joined();
      }
      if (acked !== undefined) count.acked += 1;
      if (refused !== undefined) {
        count.refused += 1;
        firstRefusal ??= refused;
        failed(new Error(refused));
      }
      if (acked !== undefined || refused !== undefined) acknowledged();
    };
    const found = (n: number, sentUs: number) => {
      if (client.seen[n] !== 0) {
        count.doubles += 1;
        return;
      }
      client.seen[n] = 1;
      count.unique += 1;
      const step = Math.max(0, Math.floor((nowUs() - sentUs) / STEP_US));
      histogram[Math.min(step, STEPS - 1)]! += 1;
    };
    const wire = await wires.open({
      url: new URL(dialect.path(room, user), url),
      headers: await dialect.headers(user),
      onText(bytes, start, end) {
        if (client.ready && !sending) {
          if (end - start > CONTROL_BYTES) {
            if (dialect.delivers(bytes, start)) findMarks(bytes, start, end, found);
            return;
          }
        }
        const lines = bytes.toString('utf8', start, end).split('\n');
        if (client.wire === undefined) early.push(...lines);
        else for (const line of lines) react(line);
      },
      onClose(why) {
        count.lost += 1;
        lineLost ??= why;
        failed(new Error(why));
      },
    });
    client.wire = wire;
    clients.push(client);
    if (dialect.hello !== undefined) wire.send(dialect.hello);
    for (const line of early) react(line);
    await ready.finally(() => clearTimeout(timer));
  }

  return {
    open,
    /** Counts from zero; `messages` are to come to each client. */
    expect(messages: number) {
      Object.assign(count, { unique: 0, doubles: 0, lost: 0, expected: messages });
      histogram.fill(0);
      for (const client of clients) client.seen = new Uint8Array(messages);
    },
    delivered: (): number => count.unique,
    counted(): Counted {
      const { unique, doubles, lost } = count;
      const latencies: [number, number][] = [];
      for (const [step, times] of histogram.entries()) if (times > 0) latencies.push([step, times]);
      return { unique, doubles, lost, latencies };
    },
    /** Sends at this rate, whatever the answers take; resolves when each message is answered. */
    async send(
      name: DialectName,
      room: string,
      { perSecond, count: total, warming }: SendOptions,
    ): Promise<Sent> {
      sending = true;
      Object.assign(count, { acked: 0, refused: 0 });
      firstRefusal = undefined;
      lineLost = undefined;
      const answered = () => count.acked + count.refused >= total;
      const since = performance.now();
      let sent = 0;
      await new Promise<void>(resolve => {
        const tick = () => {
          const due = Math.min(total, Math.floor(((performance.now() - since) / 1_000) * perSecond) + 1);
          for (; sent < due; sent += 1) {
            const { wire } = clients[sent % clients.length]!;
            wire!.send(DIALECTS[name].send(sent, room, textOf(sent, warming)));
          }
          if (sent < total) setTimeout(tick, 1);
          else resolve();
        };
        tick();
      });
      await new Promise<void>(resolve => {
        const timer = setTimeout(resolve, ACK_TIMEOUT_MS);
        acknowledged = () => {
          if (!answered()) return;
          clearTimeout(timer);
          resolve();
        };
        acknowledged();
      });
      acknowledged = () => {};
      return { sent, acked: count.acked, refused: count.refused, firstRefusal, lineLost };
    },
    close() {
      for (const { wire } of clients.splice(0)) wire?.close();
    },
  };
}
