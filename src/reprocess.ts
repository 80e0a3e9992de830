/** `npm run reprocess -- start | list | status | report | pause | resume | rate | cancel | undo`: history, run again. */
import { readFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { parseArgs } from 'node:util';
import { configOrExit, required } from './config.ts';
import { isRefusal, type Refusal } from './errors.ts';
import { parsePolicy } from './moderation/policy/parse.ts';
import { createRuns, type ReprocessRuns, type RunStatus } from './reprocess/runs.ts';
import { withRunning } from './stack/running.ts';
import { migrate } from './store/migrate.ts';
import { createPolicyStore } from './store/policies.ts';
import { createPool } from './store/pool.ts';
import { createReprocessStore } from './store/reprocess.ts';

const USAGE = `usage: npm run reprocess -- COMMAND
  start [--rooms a,b] [--from TIME] [--to TIME] [--from-id ID] [--to-id ID] [--redo moderation|enrichment|both]
        [--policy SCOPE@VERSION] [--draft FILE] [--outdated] [--apply] [--rate N] [--max-removals N] [--reason TEXT]
        without --apply it is a dry run; --wait follows it to its end
  list | status RUN | report RUN | pause RUN | resume RUN [--max-removals N] | rate RUN N | cancel RUN | undo RUN
`;
const TIMEOUT_MS = 5_000;
const LOOK_MS = 500;

const OPTIONS = {
  rooms: { type: 'string' },
  from: { type: 'string' },
  to: { type: 'string' },
  'from-id': { type: 'string' },
  'to-id': { type: 'string' },
  redo: { type: 'string' },
  policy: { type: 'string' },
  draft: { type: 'string' },
  outdated: { type: 'boolean' },
  apply: { type: 'boolean' },
  rate: { type: 'string' },
  'max-removals': { type: 'string' },
  reason: { type: 'string' },
  wait: { type: 'boolean' },
} as const;
type Given = ReturnType<typeof parse>['values'];

const parse = (args: string[]) => parseArgs({ args, options: OPTIONS, allowPositionals: true });
const say = (value: unknown) => process.stdout.write(`${JSON.stringify(value, undefined, 2)}\n`);
const number = (text: string | undefined) => (text === undefined ? undefined : Number(text));

/** The request as HTTP takes it; what is wrong about it is said in the same words. */
async function requestOf(given: Given): Promise<Record<string, unknown>> {
  const [scope, version] = given.policy?.split('@') ?? [];
  const request = {
    rooms: given.rooms?.split(','),
    from: given.from,
    to: given.to,
    fromId: number(given['from-id']),
    toId: number(given['to-id']),
    redo: given.redo,
    policy: given.policy === undefined ? undefined : { scope, version: Number(version) },
    draft:
      given.draft === undefined ? undefined : (JSON.parse(await readFile(given.draft, 'utf8')) as unknown),
    outdated: given.outdated,
    dryRun: !given.apply,
    rate: number(given.rate),
    maxRemovals: number(given['max-removals']),
    reason: given.reason,
  };
  return Object.fromEntries(Object.entries(request).filter(([, value]) => value !== undefined));
}

async function follow(runs: ReprocessRuns, begun: RunStatus | Refusal): Promise<unknown> {
  if (isRefusal(begun)) return begun;
  for (;;) {
    const now = await runs.status(begun.run);
    if (isRefusal(now) || now.endedAt !== undefined || now.state === 'parked') return now;
    await new Promise(resolve => setTimeout(resolve, LOOK_MS));
  }
}

async function answer(
  runs: ReprocessRuns,
  given: Given,
  [command, run = '', value]: string[],
): Promise<unknown> {
  const author = userInfo().username;
  const more = number(given['max-removals']);
  const wait = async (begun: RunStatus | Refusal) => (given.wait ? await follow(runs, begun) : begun);
  switch (command) {
    case 'start':
      return await wait(await runs.start(await requestOf(given), author));
    case 'list':
      return await runs.list({ limit: 50 });
    case 'status':
      return await runs.status(run);
    case 'report':
      return await runs.report(run);
    case 'undo':
      return await wait(await runs.undo(run, author));
    case 'rate':
      return await runs.steer(run, 'rate', { rate: Number(value) });
    case 'resume':
      return await runs.steer(run, 'resume', more === undefined ? {} : { maxRemovals: more });
    case 'pause':
    case 'cancel':
      return await runs.steer(run, command, {});
    default:
      return undefined;
  }
}

async function main() {
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n${USAGE}`);
    process.exitCode = 2;
    return;
  }
  const databaseUrl = required(configOrExit(withRunning(process.env)).databaseUrl, 'DATABASE_URL');
  const pool = createPool({ databaseUrl, size: 4, timeoutMs: TIMEOUT_MS, name: 'reprocess' });
  try {
    await migrate(pool);
    const store = createReprocessStore(pool);
    const runs = createRuns({ store, policies: { ...createPolicyStore(pool), parse: parsePolicy } });
    const answered = await answer(runs, parsed.values, parsed.positionals);
    if (answered === undefined) process.stderr.write(USAGE);
    else say(answered);
    if (answered === undefined) process.exitCode = 2;
    else if (isRefusal(answered)) process.exitCode = 1;
  } finally {
    await pool.end();
  }
}

await main();
