/** `npm run digest -- --day YYYY-MM-DD [--room R]`: counts a day anew, in every room or in one. */
import { parseArgs } from 'node:util';
import { configOrExit, required } from './config.ts';
import { isDay } from './digest/days.ts';
import { countDay } from './digest/task.ts';
import { ROOM_PATTERN } from './message.ts';
import { withRunning } from './stack/running.ts';
import { createDigestStore } from './store/digests.ts';
import { migrate } from './store/migrate.ts';
import { createPool } from './store/pool.ts';

const USAGE = 'usage: npm run digest -- --day YYYY-MM-DD [--room ROOM]\n';
const TIMEOUT_MS = 60_000;

function given() {
  try {
    const { day, room } = parseArgs({
      options: { day: { type: 'string' }, room: { type: 'string' } },
    }).values;
    if (day === undefined || !isDay(day)) return undefined;
    if (room === undefined) return { day };
    return ROOM_PATTERN.test(room) ? { day, room } : undefined;
  } catch {
    return undefined;
  }
}

async function main() {
  const asked = given();
  if (asked === undefined) {
    process.stderr.write(USAGE);
    process.exitCode = 2;
    return;
  }
  const { day, ...extent } = asked;
  const databaseUrl = required(configOrExit(withRunning(process.env)).databaseUrl, 'DATABASE_URL');
  const pool = createPool({ databaseUrl, size: 1, timeoutMs: TIMEOUT_MS, name: 'digest' });
  try {
    await migrate(pool);
    const rooms = await countDay(createDigestStore(pool), day, extent);
    process.stdout.write(`${day}  ${rooms === 1 ? '1 room' : `${rooms} rooms`} counted\n`);
  } finally {
    await pool.end();
  }
}

await main().catch((error: unknown) => {
  process.stderr.write(
    `The day could not be counted: ${error instanceof Error ? error.message : String(error)}\n`,
  );
  process.exitCode = 1;
});
