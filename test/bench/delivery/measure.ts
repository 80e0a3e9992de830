/** One load on one running contender, and how many idle connections cost it. */
import { until } from '../../support/until.ts';
import type { Contender, Running } from './contender.ts';
import { type Counted, type Sent, STEP_US } from './crowd.ts';
import type { Driver } from './driver.ts';
import type { createMeter, Usage } from './usage.ts';

export type Load = { members: number; perSecond: number; seconds: number; warmSeconds: number };
/** Of one load; times in ms, CPU in seconds. */
export type Figures = {
  sent: Sent;
  expected: number;
  unique: number;
  doubles: number;
  lost: number;
  p50: number;
  p99: number;
  p999: number;
  cpu: { servers: number; redis: number; pipeline: number };
  driversCpu: number;
  /** What the machine did beside: it belongs to nobody here, and makes latencies longer. */
  othersCpu: number;
};
export type Bench = {
  contender: Contender;
  running: Running;
  sender: Driver;
  /** One for each server. */
  receivers: Driver[];
  meter: ReturnType<typeof createMeter>;
};

/** Messages come from so many users at most: ten a second each at 500/s, which is what Parley allows unless told. */
const SENDERS = 50;
/** Nothing new within this: what has not come will not come. */
const SILENCE_MS = 5_000;
const IDLE_ROOM = 50;

/** Opens a room of `members`, warms it up, and measures; the sending connections are members beside them. */
export async function measureLoad(bench: Bench, room: string, load: Load): Promise<Figures> {
  const { contender, running, sender, receivers, meter } = bench;
  const { dialect } = contender;
  const total = Math.max(1, Math.round(load.perSecond * load.seconds));
  const share = load.members / receivers.length;
  const rooms = [room];
  await Promise.all(
    receivers.map((receiver, i) =>
      receiver.open({ dialect, url: running.urls[i]!, rooms, users: `member-${i}-`, count: share }),
    ),
  );
  const senders = Math.min(SENDERS, load.perSecond);
  await sender.open({ dialect, url: running.urls[0]!, rooms, users: 'sender-', count: senders });
  await Promise.all(receivers.map(receiver => receiver.expect(total)));
  const warm = Math.round(load.perSecond * load.warmSeconds);
  const warmed = await sender.send(dialect, room, { perSecond: load.perSecond, count: warm, warming: true });
  // What happens after the acknowledgement of the warm-up is not to be counted to the measured load.
  await running.settled?.(room, warmed.acked);

  const before = usageOf(running, meter);
  const driversBefore = meter.of(driverPids(bench)).cpuS;
  const busyBefore = meter.busyS();
  const sent = await sender.send(dialect, room, { perSecond: load.perSecond, count: total, warming: false });
  // A refused message is stored and delivered nowhere: its sender was told.
  const expected = sent.acked * load.members;
  await arrived(receivers, expected);
  await running.settled?.(room, warmed.acked + sent.acked);
  const after = usageOf(running, meter);
  const driversCpu = meter.of(driverPids(bench)).cpuS - driversBefore;
  const cpu = cpuBetween(before, after);
  const othersCpu = meter.busyS() - busyBefore - driversCpu - cpu.servers - cpu.redis - cpu.pipeline;
  const counted = await Promise.all(receivers.map(receiver => receiver.counted()));
  await Promise.all([sender, ...receivers].map(driver => driver.close()));
  return {
    ...summary(counted),
    sent,
    expected,
    cpu,
    driversCpu,
    othersCpu: Math.max(0, othersCpu),
  };
}

/** Resident bytes of the servers for each of `count` idle connections, in rooms of 50. */
export async function measureIdle(bench: Bench, prefix: string, count: number) {
  const { contender, running, receivers, meter } = bench;
  const rooms = Array.from({ length: count / IDLE_ROOM }, (_, i) => `${prefix}-${i}`);
  const before = meter.of(running.pids.servers).residentBytes;
  await Promise.all(
    receivers.map((receiver, i) =>
      receiver.open({
        dialect: contender.dialect,
        url: running.urls[i]!,
        rooms,
        users: `idle-${i}-`,
        count: count / receivers.length,
      }),
    ),
  );
  const after = meter.of(running.pids.servers).residentBytes;
  const counted = await Promise.all(receivers.map(receiver => receiver.counted()));
  await Promise.all(receivers.map(receiver => receiver.close()));
  return {
    connections: count - counted.reduce((sum, { lost }) => sum + lost, 0),
    bytesEach: (after - before) / count,
  };
}

function driverPids({ sender, receivers }: Bench): number[] {
  return [sender, ...receivers].map(({ pid }) => pid);
}

function usageOf({ pids }: Running, meter: Bench['meter']): Record<keyof Running['pids'], Usage> {
  return { servers: meter.of(pids.servers), redis: meter.of(pids.redis), pipeline: meter.of(pids.pipeline) };
}

function cpuBetween(before: ReturnType<typeof usageOf>, after: ReturnType<typeof usageOf>): Figures['cpu'] {
  const of = (part: keyof Running['pids']) => after[part].cpuS - before[part].cpuS;
  return { servers: of('servers'), redis: of('redis'), pipeline: of('pipeline') };
}

/** Resolves when all has arrived, or nothing has for a while. */
async function arrived(receivers: Driver[], expected: number) {
  let delivered = -1;
  let changed = Date.now();
  const silent = async () => {
    const counts = await Promise.all(receivers.map(receiver => receiver.delivered()));
    const now = counts.reduce((sum, one) => sum + one, 0);
    if (now !== delivered) changed = Date.now();
    delivered = now;
    return now >= expected || Date.now() - changed > SILENCE_MS;
  };
  await until('deliveries end', silent, 120_000);
}

function summary(counted: Counted[]) {
  const steps = new Map<number, number>();
  for (const { latencies } of counted)
    for (const [step, times] of latencies) steps.set(step, (steps.get(step) ?? 0) + times);
  const sorted = [...steps].sort(([one], [other]) => one - other);
  const sum = (field: 'unique' | 'doubles' | 'lost') => counted.reduce((all, one) => all + one[field], 0);
  const unique = sum('unique');
  const quantile = (share: number) => {
    let left = Math.ceil(unique * share);
    for (const [step, times] of sorted) {
      left -= times;
      if (left <= 0) return ((step + 0.5) * STEP_US) / 1_000;
    }
    return Number.NaN;
  };
  const [p50, p99, p999] = [quantile(0.5), quantile(0.99), quantile(0.999)];
  return { unique, doubles: sum('doubles'), lost: sum('lost'), p50, p99, p999 };
}
