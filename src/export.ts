/**
 * `npm run -s export -- --all | --room NAME | --rooms a,b …`: the processed store as JSONL on standard output, in the
 * order of rooms and ids; src/export/range.ts has the options, src/export/cursor.ts says how it resumes. The last
 * line of standard error is the cursor. Exit codes: 0 done, or as far as `--limit`, or nobody reads any more; 1 it
 * failed on the way; 2 the call is wrong; 130 and 143 stopped by SIGINT and SIGTERM.
 */
import { constants } from 'node:os';
import { configOrExit, required } from './config.ts';
import { type Cursor, encode, givenCursor, saveCursor } from './export/cursor.ts';
import { openOutput } from './export/output.ts';
import { type Asked, parseAsked, USAGE, UsageError } from './export/range.ts';
import { runExport } from './export/run.ts';
import { withRunning } from './stack/running.ts';
import { createExportStore } from './store/export.ts';
import { createPool } from './store/pool.ts';

const TIMEOUT_MS = 30_000;

async function main() {
  const asked = parseAsked(process.argv.slice(2));
  const given = givenCursor(asked);
  const config = configOrExit(withRunning(process.env));
  const databaseUrl = required(config.databaseUrl, 'DATABASE_URL');
  const pool = createPool({ databaseUrl, size: 1, timeoutMs: TIMEOUT_MS, name: 'export' });
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      process.exitCode = 128 + constants.signals[signal];
      stopping.abort();
    });
  }
  try {
    const store = createExportStore(pool);
    const cursor = given ?? begun(asked, await store.now());
    await exported(cursor, { asked, store, stopping: stopping.signal });
  } finally {
    await pool.end();
  }
}

/** What is accepted while it runs is not part of it. */
function begun({ range }: Asked, now: string): Cursor {
  const { to = now } = range!;
  return { v: 1, range: range!, until: to < now ? to : now, lines: 0 };
}

type Exporting = { asked: Asked; store: ReturnType<typeof createExportStore>; stopping: AbortSignal };

async function exported(from: Cursor, { asked, store, stopping }: Exporting) {
  const output = openOutput(from);
  let isRead = true;
  // The write's own answer tells; without a listener it would end the process.
  process.stdout.on('error', () => undefined);
  const end = await runExport(from, {
    store,
    stopping,
    limit: asked.limit ?? Number.MAX_SAFE_INTEGER,
    async write(text) {
      isRead = await output.write(text);
      return isRead;
    },
    reached(cursor) {
      if (asked.cursorFile) saveCursor(asked.cursorFile, { ...cursor, ...output.reached() });
    },
  });
  if (isRead) process.stderr.write(`cursor ${encode({ ...end, ...output.reached() })}\n`);
}

await main().catch((error: unknown) => {
  const words = error instanceof Error ? error.message : String(error);
  const usage = error instanceof UsageError;
  process.stderr.write(usage ? `${words}\n${USAGE}` : `The export stopped: ${words}\n`);
  process.exitCode = usage ? 2 : 1;
});
