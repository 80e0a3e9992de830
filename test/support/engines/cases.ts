/** What has to come out the same on every engine. Each case gets a system at rest and leaves it so. */
import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { openSocket } from '../socket.ts';
import { until } from '../until.ts';
import { LINES, ordinary, sendAll, settle } from './account.ts';
import { deathCases } from './cases-deaths.ts';
import { HANGS, POISON } from './fault-points.ts';
import type { EngineSystem } from './system.ts';

export type EngineCase = {
  name: string;
  /** Part of every `npm test`. */
  quick?: boolean;
  /** What it answers must be the same on every engine. */
  run(system: EngineSystem, room: string): Promise<unknown>;
};

/** How long a part stays away: longer in the whole run. */
export const awayMs = (long: boolean) => (long ? 60_000 : 10_000);

export function engineCases(long: boolean): EngineCase[] {
  return [
    { name: 'the same outcomes for the same messages', quick: true, run: sameOutcomes },
    { name: 'an edit is a revision of its own', run: edited },
    { name: 'entries that are delivered twice, in overlapping batches', quick: true, run: overlapping },
    { name: 'poison is set aside, its neighbours are stored', quick: true, run: poison },
    { name: 'a step that hangs for ever is poison', run: hanging },
    ...deathCases(long),
    { name: 'Postgres down: chat and verdicts go on', run: (...args) => postgresDown(long, ...args) },
    { name: 'cancelled, then ended by an operator', quick: true, run: ended },
  ];
}

async function sameOutcomes(system: EngineSystem, room: string) {
  const stored = await sendAll(system, room, ordinary(20));
  return (await settle(system, room, { stored })).rows;
}

async function edited(system: EngineSystem, room: string) {
  const [id] = (await sendAll(system, room, ['first'])) as [number];
  await settle(system, room, { stored: [id] });
  const socket = await openSocket(system.url, 'ann');
  await socket.ask({ type: 'join', room, recent: 0 });
  const ack = await socket.ask({ type: 'edit', room, id, content: 'second, you shithead' });
  assert.equal(ack.type, 'ack', JSON.stringify(ack));
  await socket.close();
  // The edit is an entry of the same kind itself, between the two outcomes.
  const { rows } = await settle(system, room, { stored: [id], outcomes: 3 });
  assert.deepEqual([rows[0]?.revision, rows[0]?.status], [2, 'masked']);
  return rows;
}

async function overlapping(system: EngineSystem, room: string) {
  await system.endWorker();
  const stored = await sendAll(system, room, ordinary(20));
  const { redis } = system;
  for (const key of await redis.keys('parley:{p*}:intake')) {
    for (const [, fields] of await redis.xrange(key, '-', '+')) await redis.xadd(key, '*', ...fields);
  }
  await system.startWorker({ env: { PIPELINE_MAX_BATCH: '7' } });
  return (await settle(system, room, { stored })).rows;
}

async function poison(system: EngineSystem, room: string) {
  // Taken together: the flow has to find the one that is at fault.
  await system.endWorker();
  const ids = await sendAll(system, room, [...ordinary(5), `${POISON} one`, ...ordinary(5)]);
  await system.startWorker();
  const bad = ids[5]!;
  const { rows, causes } = await settle(system, room, {
    stored: ids.filter(id => id !== bad),
    aside: [bad],
  });
  assert.deepEqual(causes, ['moderate: Poison']);
  return rows;
}

async function hanging(system: EngineSystem, room: string) {
  await system.endWorker();
  const ids = (await sendAll(system, room, ['a quiet one', `${HANGS} two`])) as [number, number];
  await system.startWorker();
  const { rows, causes } = await settle(system, room, { stored: [ids[0]], aside: [ids[1]] });
  assert.deepEqual(causes, ['moderate took too long']);
  return rows;
}

/** More batches than a dispatcher leaves unfinished have to get their verdicts meanwhile. */
async function postgresDown(long: boolean, system: EngineSystem, room: string) {
  await system.postgres.stop('SIGKILL');
  const socket = await openSocket(system.url, 'bob');
  await socket.ask({ type: 'join', room, recent: 0 });
  const decided = () =>
    socket.frames
      .filter(({ type }) => type === 'message.updated')
      .flatMap(({ messages }) => messages as unknown[]).length;
  const stored: number[] = [];
  for (let round = 0; round < 10; round += 1) {
    const ack = await socket.ask({ type: 'send', room, clientId: `c${round}`, content: LINES[round % 4] });
    stored.push(ack.id as number);
    await until('a verdict without the database', () => decided() === stored.length);
  }
  await delay(awayMs(long));
  await system.postgres.start();
  await socket.close();
  return (await settle(system, room, { stored })).rows;
}

/** The messages are acknowledged: to cancel changes nothing, and what was ended is started anew. */
async function ended(system: EngineSystem, room: string) {
  const client = await system.db.connect();
  let stored: number[];
  try {
    await client.query('BEGIN');
    // Read it may be: a gateway that opens a room asks what it holds.
    await client.query('LOCK TABLE messages IN EXCLUSIVE MODE');
    stored = await sendAll(system, room, ordinary(3));
    await system.runs.cancel();
    await system.runs.end();
    await until('the loss is noticed', () =>
      system.worker().output().includes('a run ended without its work'),
    );
  } finally {
    await client.query('ROLLBACK');
    client.release();
  }
  return (await settle(system, room, { stored })).rows;
}
