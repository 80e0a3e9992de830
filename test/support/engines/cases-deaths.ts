import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { until } from '../until.ts';
import { ordinary, sendAll, settle } from './account.ts';
import type { EngineCase } from './cases.ts';
import { awayMs } from './cases.ts';
import { type FaultPoint, HANGS_ONCE } from './fault-points.ts';
import type { EngineSystem } from './system.ts';

const POINTS: { point: FaultPoint; quick?: boolean }[] = [
  { point: 'before a step' },
  { point: 'in a step' },
  { point: 'after the append', quick: true },
  { point: 'in persist' },
  { point: 'after the commit' },
  { point: 'after persist' },
];

/** The worker dies, the engine's server dies, and both are shut down in the midst. */
export function deathCases(long: boolean): EngineCase[] {
  return [
    ...POINTS.map(
      ({ point, quick = false }): EngineCase => ({
        name: `the worker is killed ${point}`,
        quick,
        run: (system, room) => killedAt(point, system, room),
      }),
    ),
    { name: 'the worker is killed three times over one batch', run: killedAgain },
    { name: 'shutdown in the midst of a batch', quick: true, run: shutDown },
    { name: 'a step that hangs once', run: hangsOnce },
    { name: 'the engine is killed and started', quick: true, run: (...args) => engineAway(0, ...args) },
    {
      name: 'the engine is down for a while',
      quick: true,
      run: (...args) => engineAway(awayMs(long), ...args),
    },
  ];
}

/** Ends the worker and starts one that kills itself as soon as it gets there. */
async function dying(system: EngineSystem, point: FaultPoint, cause: () => Promise<void>) {
  await system.endWorker();
  const worker = await system.startWorker({ fault: point });
  await cause();
  const { signal } = await worker.exited;
  assert.equal(signal, 'SIGKILL', worker.output());
}

async function killedAt(point: FaultPoint, system: EngineSystem, room: string) {
  let stored: number[] = [];
  await dying(system, point, async () => {
    stored = await sendAll(system, room, ordinary(10));
  });
  await system.startWorker();
  return (await settle(system, room, { stored })).rows;
}

async function killedAgain(system: EngineSystem, room: string) {
  let stored: number[] = [];
  await dying(system, 'after the append', async () => {
    stored = await sendAll(system, room, ordinary(1));
  });
  for (const point of ['before a step', 'after the append', 'after the commit'] as const) {
    await dying(system, point, async () => {});
  }
  await system.startWorker();
  return (await settle(system, room, { stored })).rows;
}

async function shutDown(system: EngineSystem, room: string) {
  const stored = await sendAll(system, room, [`${HANGS_ONCE} one`, ...ordinary(5)]);
  const worker = system.worker();
  await until('the step hangs', () => worker.output().includes('a step hangs'));
  let gone = false;
  void system.endWorker('SIGTERM').then(() => {
    gone = true;
  });
  // SHUTDOWN_MS is 3 s; the step would hang for 10.
  await until('the worker is gone in time', () => gone, 9_000);
  // In the next worker it would hang once more.
  await system.startWorker({ env: { HANGS: 'never' } });
  return (await settle(system, room, { stored })).rows;
}

async function hangsOnce(system: EngineSystem, room: string) {
  await system.endWorker();
  await system.startWorker();
  const stored = await sendAll(system, room, [`${HANGS_ONCE} one`, ...ordinary(5)]);
  return (await settle(system, room, { stored })).rows;
}

/** Sent before, while it is away, and after. */
async function engineAway(forMs: number, system: EngineSystem, room: string) {
  const before = await sendAll(system, room, ordinary(10));
  await system.enginePart.stop('SIGKILL');
  const during = await sendAll(system, `${room}-during`, ordinary(10));
  await delay(forMs);
  await system.enginePart.start();
  const after = await sendAll(system, `${room}-after`, ordinary(10));
  const settled = [
    await settle(system, room, { stored: before }),
    await settle(system, `${room}-during`, { stored: during }),
    await settle(system, `${room}-after`, { stored: after }),
  ];
  return settled.map(({ rows }) => rows);
}
