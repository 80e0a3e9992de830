/** `npm run trace ROOM ID`: follows one message from its acceptance to its row, with the link to its run. */
import { type Config, configOrExit, required } from './config.ts';
import { createLogger } from './logger.ts';
import { roomKeys } from './rooms/keys.ts';
import type { LoggedMessage } from './rooms/log-types.ts';
import { connectRedis, whenReady } from './rooms/redis.ts';
import { parseState } from './rooms/room-log.ts';
import { withRunning } from './stack/running.ts';
import { createMessageStore, type StoredMessage } from './store/messages.ts';
import { createPool } from './store/pool.ts';

async function main() {
  const [room, id] = process.argv.slice(2);
  if (room === undefined || !/^\d+$/.test(id ?? '')) {
    process.stderr.write('usage: npm run trace ROOM ID\n');
    process.exitCode = 2;
    return;
  }
  const config = configOrExit(withRunning(process.env));
  const pool = createPool({
    databaseUrl: required(config.databaseUrl, 'DATABASE_URL'),
    size: 1,
    timeoutMs: 5_000,
    name: 'trace',
  });
  const logger = createLogger({ level: 'silent', part: 'trace' });
  const redis = connectRedis({
    url: required(config.redisUrl, 'REDIS_URL'),
    timeoutMs: 2_000,
    name: 'trace',
    logger,
  });
  try {
    await whenReady(redis, 2_000);
    const logged = await redis.hget(roomKeys(room, config.log.partitions).state, id!);
    const stored = await createMessageStore(pool).byId(room, Number(id));
    const lines = describe(logged === null ? undefined : parseState(logged), stored, runsUrl(config));
    process.stdout.write(`${lines.join('\n')}\n`);
  } finally {
    redis.disconnect();
    await pool.end();
  }
}

/** Where the runs of the engine are shown. */
function runsUrl({ pipeline, adminPort, temporalUiUrl, temporalUiPort, temporalNamespace }: Config): string {
  if (pipeline.engine === 'bullmq')
    return `http://127.0.0.1:${adminPort}/queues/queue/${encodeURIComponent(pipeline.taskQueue)}`;
  return `${temporalUiUrl ?? `http://127.0.0.1:${temporalUiPort}`}/namespaces/${temporalNamespace}/workflows`;
}

/** The run that did a batch: a run over history has one for each of its pages. */
const runOf = (batch: string) => /^(reprocess-\d{8}-[0-9a-f]{8})-\d+$/.exec(batch)?.[1] ?? batch;

/** What is known of a message, a line each; never its text. */
function describe(
  logged: LoggedMessage | undefined,
  stored: StoredMessage | undefined,
  runs: string,
): string[] {
  const message = stored ?? logged;
  if (message === undefined)
    return ['nothing is known of this message: neither the log nor the store has it'];
  const accepted = Date.parse(message.timestamp);
  const after = (time: string | undefined) =>
    time === undefined ? 'not yet' : `${time}  +${Date.parse(time) - accepted} ms`;
  const verdict = message.verdict;
  return [
    `message    ${message.room} ${message.id}, revision ${message.revision}, by ${message.user}`,
    `accepted   ${message.timestamp}`,
    `announced  ${after(message.announcedAt)}`,
    `stored     ${after(stored?.storedAt)}`,
    `outcome    ${message.status}${message.reason ? ` (${message.reason})` : ''}`,
    `verdict    ${verdict ? `${verdict.action} ${verdict.rules.join(' ')} by ${verdict.policy}` : 'none yet'}`,
    `language   ${message.language ? `${message.language.code} ${message.language.confidence} by ${message.versions?.language}` : 'none yet'}`,
    `sentiment  ${message.sentiment ? `${message.sentiment.label} ${message.sentiment.score} by ${message.versions?.sentiment}` : 'none yet'}`,
    `batch      ${message.batch ?? 'not taken yet'}`,
    ...(message.batch ? [`run        ${runs}/${encodeURIComponent(runOf(message.batch))}`] : []),
  ];
}

await main();
