/**
 * `npm run bench:delivery [-- --only=parley,socketio --seconds=8]`: what it costs to bring a message to everybody.
 * Each contender runs alone: two servers of it on one Redis, the sending clients on the first, the receiving ones
 * on both; clients are processes of their own and count every delivery. Latency is from just before the write of
 * the sender to the read of the receiver, by the machine's monotonic clock.
 */
import { cpus } from 'node:os';
import { mochaGlobalTeardown, stack } from '../../support/stack.ts';
import { createCentrifugo } from './centrifugo.ts';
import type { Contender } from './contender.ts';
import { startDriver } from './driver.ts';
import { type Bench, type Load, measureIdle, measureLoad } from './measure.ts';
import { readOptions } from './options.ts';
import { createParley } from './parley.ts';
import { type IdleRow, idleReport, loadReport, type Row } from './report.ts';
import { createSocketIo } from './socketio.ts';
import { createTutorial } from './tutorial.ts';
import { createMeter } from './usage.ts';

const IDLE_CONNECTIONS = 5_000;
const say = (line = '') => process.stdout.write(`${line}\n`);
const progress = (line: string) => process.stderr.write(`    ${line}\n`);

function loadsOf(seconds: number): Load[] {
  return [
    { members: 200, perSecond: 500, seconds, warmSeconds: 3 },
    { members: 1_000, perSecond: 50, seconds, warmSeconds: 3 },
    { members: 200, perSecond: 1, seconds: Math.max(10, seconds), warmSeconds: 2 },
  ];
}

async function measure(contender: Contender, loads: Load[], meter: ReturnType<typeof createMeter>) {
  const running = await contender.start();
  const drivers = await Promise.all(Array.from({ length: 3 }, startDriver));
  try {
    const [sender, ...receivers] = drivers;
    const bench: Bench = { contender, running, sender: sender!, receivers, meter };
    // First, while nothing that the loads leave behind can be taken for the connections'.
    const idle = await measureIdle(bench, 'idle', IDLE_CONNECTIONS);
    const rows: Row[] = [];
    for (const [i, load] of loads.entries()) {
      progress(`${contender.name}: ${load.members} members x ${load.perSecond}/s`);
      rows.push({ contender: contender.name, load, figures: await measureLoad(bench, `load-${i}`, load) });
    }
    return { rows, idle: { contender: contender.name, ...idle } };
  } finally {
    await Promise.all(drivers.map(driver => driver.stop()));
    await running.close();
  }
}

function introduce(contenders: Contender[]) {
  const [cpu] = cpus();
  say(
    `${cpus().length} x ${cpu?.model}, Node ${process.version}; servers, Redis and drivers share these cores,`,
  );
  say(
    "so latencies hold their waiting for each other; CPU-seconds are as the kernel counts them by process; those of others are nobody's here.",
  );
  for (const { name, settings } of contenders) say(`${name.padEnd(12)} ${settings.join('\n             ')}`);
}

async function main() {
  const { only, seconds } = readOptions(process.argv.slice(2));
  const made = [createParley(), createSocketIo(), createCentrifugo(), createTutorial()];
  const contenders = made.filter(({ dialect }) => only.includes(dialect));
  const meter = createMeter();
  const loads = loadsOf(seconds);
  const rows: Row[] = [];
  const idle: IdleRow[] = [];
  try {
    await stack();
    introduce(contenders);
    for (const contender of contenders) {
      const result = await measure(contender, loads, meter);
      rows.push(...result.rows);
      idle.push(result.idle);
    }
  } finally {
    await mochaGlobalTeardown();
  }
  for (const load of loads) say(`\n${loadReport(rows.filter(row => row.load === load))}`);
  say(`\n${idleReport(idle)}`);
}

await main();
