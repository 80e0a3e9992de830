/** `npm run dead-letters -- list | redrive ID… | redrive all`: what was set aside, and its way back. */
import { type Config, configOrExit, required } from './config.ts';
import { createLogger } from './logger.ts';
import { createRedrive, MAX_REDRIVES, REDRIVE_RESULTS } from './pipeline/redrive.ts';
import { createPartitions } from './rooms/partitions.ts';
import { createPutBack } from './rooms/put-back.ts';
import { connectRedis, whenReady } from './rooms/redis.ts';
import { createRoomLog } from './rooms/room-log.ts';
import { createScripts } from './rooms/scripts.ts';
import { withRunning } from './stack/running.ts';
import { createEpochStore } from './store/epochs.ts';
import { createMessageStore, type KeptLetter, type MessageStore } from './store/messages.ts';
import { migrate } from './store/migrate.ts';
import { createPool } from './store/pool.ts';

const USAGE = 'usage: npm run dead-letters -- list | redrive ID… | redrive all\n';
const TIMEOUT_MS = 5_000;
const PAGE = 100;

const say = (line: string) => process.stdout.write(`${line}\n`);

async function main() {
  const [command, ...given] = process.argv.slice(2);
  const ids = given.map(Number);
  const all = command === 'redrive' && given.length === 1 && given[0] === 'all';
  const isId = (id: number) => Number.isSafeInteger(id) && id > 0;
  const fits = command === 'list' ? given.length === 0 : all || (ids.length > 0 && ids.every(isId));
  if (!(command === 'list' || command === 'redrive') || !fits) {
    process.stderr.write(USAGE);
    process.exitCode = 2;
    return;
  }
  const parts = await open(configOrExit(withRunning(process.env)));
  try {
    if (command === 'list') for await (const letter of lettersOf(parts.store)) say(lineOf(letter));
    else process.exitCode = await redrive(parts, all ? undefined : ids);
  } finally {
    await parts.close();
  }
}

async function open(config: Config) {
  const logger = createLogger({ level: 'silent', part: 'dead-letters' });
  const databaseUrl = required(config.databaseUrl, 'DATABASE_URL');
  const url = required(config.redisUrl, 'REDIS_URL');
  const pool = createPool({ databaseUrl, size: 1, timeoutMs: TIMEOUT_MS, name: 'dead-letters' });
  const redis = connectRedis({ url, timeoutMs: config.redisTimeoutMs, name: 'dead-letters', logger });
  const close = async () => {
    redis.disconnect();
    await pool.end();
  };
  try {
    await whenReady(redis, TIMEOUT_MS);
    await migrate(pool);
    const scripts = createScripts(redis);
    const epochs = createEpochStore(pool);
    const partitions = createPartitions({ redis, scripts, epochs, logger, count: config.log.partitions });
    await partitions.checkLayout();
    const log = createRoomLog({ scripts, partitions, epochs, options: config.log, logger });
    const store = createMessageStore(pool);
    const putBack = createPutBack({ log, options: config.log });
    return { store, redrive: createRedrive({ store, putBack }), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function* lettersOf(store: MessageStore) {
  for (let after = 0; ; ) {
    const page = await store.deadLetters({ after, limit: PAGE });
    yield* page;
    if (page.length < PAGE) return;
    after = page.at(-1)!.id;
  }
}

/** A letter on one line; never its text. */
function lineOf({ id, room, messageId, revision, step, cause, failures, createdAt, redrivenAt }: KeptLetter) {
  const state = redrivenAt === undefined ? 'waiting' : `redriven ${redrivenAt}`;
  return `${id}  ${room} ${messageId}, revision ${revision}  ${step}: ${cause}  failed ${failures}×, since ${createdAt}  ${state}`;
}

/** Redrives letters, by default all that wait; the exit code is 1 where one could not be. */
async function redrive(parts: Awaited<ReturnType<typeof open>>, given?: number[]): Promise<number> {
  const ids = given ?? [];
  if (given === undefined) {
    for await (const letter of lettersOf(parts.store))
      if (letter.redrivenAt === undefined) ids.push(letter.id);
  }
  let failed = 0;
  for (let at = 0; at < ids.length; at += MAX_REDRIVES) {
    for (const { id, result } of await parts.redrive(ids.slice(at, at + MAX_REDRIVES))) {
      say(`${id}  ${result}  ${REDRIVE_RESULTS[result]}`);
      if (result !== 'redriven' && result !== 'stored') failed += 1;
    }
  }
  return failed === 0 ? 0 : 1;
}

await main();
