/** Sends messages, and holds afterwards what became of them against log, intake and store, read straight from there. */
import assert from 'node:assert/strict';
import { roomKeys } from '../../../src/rooms/keys.ts';
import { openSocket } from '../socket.ts';
import { until } from '../until.ts';
import type { EngineSystem } from './system.ts';

const PARTITIONS = 16;
const SETTLE_TIMEOUT_MS = 180_000;

export const LINES = [
  'good morning everyone, how was the concert last night?',
  'das klingt wirklich gut, ich bin dabei',
  'what a load of shit that was',
  'me encanta esta canción, gracias por compartir',
];

/** Sends the texts one after the other, each acknowledged; answers their ids. */
export async function sendAll(system: EngineSystem, room: string, texts: string[]): Promise<number[]> {
  const socket = await openSocket(system.url, 'ann');
  const joined = await socket.ask({ type: 'join', room, recent: 0 });
  assert.equal(joined.type, 'joined', JSON.stringify(joined));
  const ids: number[] = [];
  for (const [i, content] of texts.entries()) {
    const ack = await socket.ask({ type: 'send', room, clientId: `c${i}`, content });
    assert.equal(ack.type, 'ack', JSON.stringify(ack));
    ids.push(ack.id as number);
  }
  await socket.close();
  return ids;
}

/** `count` ordinary texts. */
export const ordinary = (count: number) =>
  Array.from({ length: count }, (_, i) => `${LINES[i % LINES.length]} (${i})`);

/** Entries that no engine has taken, and acknowledged entries that the store does not reflect. */
export async function waiting({ redis }: EngineSystem) {
  let [intake, unstored] = [0, 0];
  for (let partition = 0; partition < PARTITIONS; partition += 1) {
    intake += await redis.xlen(`parley:{p${partition}}:intake`);
    unstored += Number((await redis.hget(`parley:{p${partition}}:partition`, 'unstored')) ?? 0);
  }
  return { intake, unstored };
}

/** How many outcomes the room's log holds for each id. */
export async function outcomesOf({ redis }: EngineSystem, room: string): Promise<Map<number, number>> {
  const found = new Map<number, number>();
  for (const [, flat] of await redis.xrange(roomKeys(room, PARTITIONS).log, '-', '+')) {
    const entry = Object.fromEntries(
      Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i], flat[2 * i + 1]]),
    );
    if (entry.k === 'c') continue;
    for (const id of String(entry.ids).split(',').map(Number)) found.set(id, (found.get(id) ?? 0) + 1);
  }
  return found;
}

/** Outcomes of each stored message: one, but for those that were edited. */
type Expected = { stored: number[]; aside?: number[]; outcomes?: number };

/**
 * Waits until nothing waits any more, and then: one row and one outcome for each id to be stored, one dead letter
 * and nothing else for each to be set aside. Answers the rows, without what differs from run to run.
 */
export async function settle(
  system: EngineSystem,
  room: string,
  { stored, aside = [], outcomes = 1 }: Expected,
) {
  let left = { intake: -1, unstored: -1 };
  const nothingLeft = async () => {
    left = await waiting(system);
    return left.intake === 0 && left.unstored === 0;
  };
  await until('everything is accounted for', nothingLeft, SETTLE_TIMEOUT_MS).catch(error => {
    throw new Error(`${String(error)}: ${JSON.stringify(left)}; ${system.worker().output().slice(-2_000)}`);
  });
  const { rows } = await system.db.query<Record<string, unknown> & { id: string }>(
    `SELECT id, revision, user_id, client_id, content, shown, status, reason, language, sentiment, verdict
     FROM messages WHERE room = $1 ORDER BY id`,
    [room],
  );
  const letters = await system.db.query<{ message_id: string; cause: string }>(
    'SELECT message_id, cause FROM dead_letters WHERE room = $1 ORDER BY message_id',
    [room],
  );
  assert.deepEqual(
    rows.map(({ id }) => Number(id)),
    [...stored].sort((a, b) => a - b),
    `one row for each message; set aside: ${JSON.stringify(letters.rows)}`,
  );
  assert.deepEqual(
    letters.rows.map(({ message_id }) => Number(message_id)),
    aside,
    'one dead letter for each that is set aside',
  );
  const announced = await outcomesOf(system, room);
  assert.deepEqual(
    [...announced].sort(([a], [b]) => a - b),
    [...stored].sort((a, b) => a - b).map(id => [id, outcomes]),
    'one outcome for each message',
  );
  // Offsets, and with them ids, depend on how many outcomes came in between.
  return { rows: rows.map(({ id: _id, ...row }) => row), causes: letters.rows.map(({ cause }) => cause) };
}
