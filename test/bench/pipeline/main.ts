/**
 * `npm run bench:pipeline [-- --only=temporal,bullmq,naive-temporal,naive-bullmq --rates=1,10,100
 * --set=PIPELINE_IN_FLIGHT=8]`: from the acceptance of a message to its stored row. Every design runs alone, in one
 * run, with the same texts and the same analysis: first all it can, then, for Parley's two engines, at given rates.
 * CPU is that of each process and its children, as the kernel counts it; the machine is shared, so the ratios are
 * what counts.
 */
import { parseArgs } from 'node:util';
import { mochaGlobalTeardown, stack } from '../../support/stack.ts';
import { until } from '../../support/until.ts';
import { createMeter } from '../delivery/usage.ts';
import type { Design, Pids, RunningDesign, Sending, Stored } from './design.ts';
import { createNaive } from './naive.ts';
import { createParley } from './parley.ts';

type Figures = Stored & {
  name: string;
  loopDelayMs: number | undefined;
  sending: Sending;
  seconds: number;
  cpu: Record<keyof Pids, number>;
};

/** As many as take some seconds at the best rate of each. */
const DESIGNS: Record<string, { design: Design; count: number; rates: boolean }> = {
  temporal: {
    design: createParley('Parley on Temporal', 'temporal'),
    count: 20_000,
    rates: true,
  },
  bullmq: {
    design: createParley('Parley on BullMQ', 'bullmq'),
    count: 20_000,
    rates: true,
  },
  'naive-temporal': { design: createNaive('a workflow a message', 'temporal'), count: 1_000, rates: false },
  'naive-bullmq': { design: createNaive('a BullMQ job a message', 'bullmq'), count: 8_000, rates: false },
};
const WARM = 200;
const SECONDS = 8;
const STORED_WITHIN_MS = 300_000;
const say = (line = '') => process.stdout.write(`${line}\n`);

async function measure(
  name: string,
  run: string,
  running: RunningDesign,
  sending: Sending,
): Promise<Figures> {
  const meter = createMeter();
  const used = () =>
    Object.fromEntries(Object.entries(running.pids).map(([part, pids]) => [part, meter.of(pids).cpuS]));
  const before = used();
  await running.loopDelayMs?.();
  const since = performance.now();
  await running.send(run, sending);
  let stored = await running.stored(run);
  await until(
    `${run} is stored`,
    async () => {
      stored = await running.stored(run);
      return stored.rows >= sending.count;
    },
    STORED_WITHIN_MS,
  );
  const seconds = (performance.now() - since) / 1_000;
  const after = used();
  const loopDelayMs = await running.loopDelayMs?.();
  const cpu = Object.fromEntries(
    Object.entries(after).map(([part, s]) => [part, s - before[part]!]),
  ) as Figures['cpu'];
  return { ...stored, name, sending, seconds, cpu, loopDelayMs };
}

const number = (value: number, width: number, digits = 0) => value.toFixed(digits).padStart(width);
const total = ({ cpu }: Figures) => Object.values(cpu).reduce((sum, one) => sum + one, 0);

function line(figures: Figures): string {
  const { name, sending, rows, batches, seconds, p50, p95, p99, cpu, loopDelayMs } = figures;
  const load = sending.perSecond === undefined ? 'all it can' : `${sending.perSecond}/s`;
  const each = (s: number) => number((s / rows) * 1_000, 9, 3);
  return [
    name.padEnd(24),
    load.padEnd(10),
    number(rows, 7),
    number(rows / seconds, 8),
    number(rows / batches, 8, 1),
    ...[p50, p95, p99].map(ms => number(ms, 7)),
    loopDelayMs === undefined ? '-'.padStart(7) : number(loopDelayMs, 7, 1),
    ...Object.values(cpu).map(each),
    each(total(figures)),
  ].join(' ');
}

const HEAD = `                                             stored  a batch   accepted to stored, ms gateway                        CPU-seconds per 1,000 messages
design                   load       messages       /s     of     p50     p95     p99 loop p99   gateway    worker    engine     Redis  Postgres       all`;

function ratios(figures: Figures[]): string[] {
  const best = (name: string) =>
    figures.find(one => one.name === name && one.sending.perSecond === undefined);
  const pairs = [
    ['Parley on Temporal', 'a workflow a message'],
    ['Parley on BullMQ', 'a BullMQ job a message'],
  ] as const;
  return pairs.flatMap(([ours, theirs]) => {
    const [one, other] = [best(ours), best(theirs)];
    if (one === undefined || other === undefined) return [];
    const rate = one.rows / one.seconds / (other.rows / other.seconds);
    const cost = total(other) / other.rows / (total(one) / one.rows);
    return [
      `${ours}: ${rate.toFixed(1)} times as many a second as ${theirs}, for ${cost.toFixed(1)} times less CPU a message`,
    ];
  });
}

async function main() {
  const { values } = parseArgs({
    options: { only: { type: 'string' }, rates: { type: 'string' }, set: { type: 'string', multiple: true } },
  });
  const settings = Object.fromEntries((values.set ?? []).map(pair => pair.split('=', 2) as [string, string]));
  for (const [variable, value] of Object.entries(settings)) say(`${variable}=${value}`);
  const only = values.only?.split(',') ?? Object.keys(DESIGNS);
  const rates = (values.rates ?? '1,10,100,500,1000').split(',').map(Number);
  const figures: Figures[] = [];
  try {
    await stack();
    say(HEAD);
    for (const key of only) {
      const { design, count, rates: paced } = DESIGNS[key]!;
      const running = await design.start(settings);
      try {
        await measure(design.name, `${key}-warm`, running, { count: WARM });
        const loads = [
          { count },
          ...(paced ? rates.map(perSecond => ({ perSecond, count: perSecond * SECONDS })) : []),
        ];
        for (const [i, sending] of loads.entries()) {
          figures.push(await measure(design.name, `${key}-${i}`, running, sending));
          say(line(figures.at(-1)!));
        }
      } finally {
        await running.close();
      }
    }
  } finally {
    await mochaGlobalTeardown();
  }
  say();
  for (const one of ratios(figures)) say(one);
}

await main();
