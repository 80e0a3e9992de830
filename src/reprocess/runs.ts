/** What admins do with runs over history, by HTTP and by command: all of it in the store, for the workers to see. */
import { randomBytes } from 'node:crypto';
import { type Refusal, refuse } from '../errors.ts';
import { KEPT_DAYS } from '../store/reprocess-changes.ts';
import type { RunReport } from '../store/reprocess-report.ts';
import { MAX_UNFINISHED, type ReprocessRun, type RunWish } from '../store/reprocess-runs.ts';
import { isWrong, parseRequest, parseWish, type Wrong } from './request.ts';

type Deps = {
  store: {
    create(run: {
      run: string;
      spec: ReprocessRun['spec'];
      rate: number;
      author: string;
      undoes?: string;
      maxRemovals?: number;
    }): Promise<ReprocessRun | undefined>;
    read(run: string): Promise<ReprocessRun | undefined>;
    list(query: { before?: string; limit: number }): Promise<ReprocessRun[]>;
    wish(run: string, wish: RunWish): Promise<ReprocessRun | undefined>;
    undoneBy(run: string): Promise<string | undefined>;
    report(run: string): Promise<RunReport>;
  };
  policies: {
    newest(): Promise<number>;
    version(scope: string, version: number): Promise<object | undefined>;
    parse(json: unknown): { policy: unknown } | { errors: Wrong[] };
  };
};
/**
 * A run as it is shown: what was asked (of a draft, that there was one), how far it is, and how long it may take yet
 * (an estimate).
 */
export type RunStatus = Omit<ReprocessRun, 'spec' | 'page' | 'phase' | 'exhausted'> &
  Omit<ReprocessRun['spec'], 'draft' | 'policiesThrough'> & {
    drafted?: true;
    secondsLeft?: number;
    undoneBy?: string;
  };
export type Course = 'pause' | 'resume' | 'cancel' | 'rate';
export type ReprocessRuns = ReturnType<typeof createRuns>;

/** Every call throws what the store throws; an expected refusal is a value. */
export function createRuns({ store, policies }: Deps) {
  async function show(run: ReprocessRun): Promise<RunStatus> {
    const undoneBy =
      run.state === 'done' && run.undoes === undefined ? await store.undoneBy(run.run) : undefined;
    return { ...statusOf(run), ...(undoneBy === undefined ? {} : { undoneBy }) };
  }
  const begun = async (run: ReprocessRun | undefined) =>
    run === undefined
      ? refuse('overloaded', {
          message: `There are ${MAX_UNFINISHED} runs that have not ended.`,
          retryAfterMs: 60_000,
        })
      : await show(run);

  return {
    /** Begins a run: the bound and the policies are frozen now. */
    async start(json: Record<string, unknown>, author: string): Promise<RunStatus | Refusal> {
      const request = parseRequest(json);
      if (isWrong(request)) return invalid(request);
      const { rate, maxRemovals, ...asked } = request;
      if (asked.draft !== undefined) {
        const checked = policies.parse(asked.draft);
        if ('errors' in checked) {
          const { path, message } = checked.errors[0]!;
          return invalid({ path: path === '' ? 'draft' : `draft.${path}`, message });
        }
      }
      const { policy } = asked;
      if (policy !== undefined && (await policies.version(policy.scope, policy.version)) === undefined)
        return refuse('not_found', { path: 'policy', message: 'There is no such version of this policy.' });
      const spec = { ...asked, through: new Date().toISOString(), policiesThrough: await policies.newest() };
      return await begun(await store.create({ run: newName(), spec, rate, maxRemovals, author }));
    },

    async status(run: string): Promise<RunStatus | Refusal> {
      const found = await store.read(run);
      return found === undefined ? refuse('not_found') : await show(found);
    },
    /** Newest first; `before` is the `createdAt` of the last one of the page before. */
    async list(query: { before?: string; limit: number }): Promise<RunStatus[]> {
      return (await store.list(query)).map(statusOf);
    },
    async report(run: string): Promise<(RunReport & { run: RunStatus }) | Refusal> {
      const found = await store.read(run);
      if (found === undefined) return refuse('not_found');
      return { run: await show(found), ...(await store.report(run)) };
    },

    /** `rate` takes `{rate}`, `resume` may raise `{maxRemovals}`. One that has ended stays as it is. */
    async steer(run: string, course: Course, json: Record<string, unknown>): Promise<RunStatus | Refusal> {
      const given = course === 'rate' || course === 'resume' ? json : {};
      const parsed = parseWish(given, course === 'rate' ? 'rate' : 'maxRemovals');
      if (isWrong(parsed)) return invalid(parsed);
      const found = await store.wish(run, wishOf(course, parsed.value));
      if (found !== undefined) return await show(found);
      const ended = await store.read(run);
      if (ended === undefined) return refuse('not_found');
      return ended.state === 'cancelled' && course === 'cancel'
        ? await show(ended)
        : refuse('id_conflict', { message: `The run has ended: it is ${ended.state}.` });
    },

    /** Begins a run that takes back what another one changed, where it still stands. */
    async undo(name: string, author: string): Promise<RunStatus | Refusal> {
      const run = await store.read(name);
      if (run === undefined) return refuse('not_found');
      if (run.endedAt === undefined || run.spec.dryRun || run.undoes !== undefined) {
        const why = run.endedAt === undefined ? 'has not ended' : 'changed nothing that could be taken back';
        return refuse('id_conflict', { message: `This run ${why}.` });
      }
      if (Date.parse(run.endedAt) < Date.now() - KEPT_DAYS * DAY_MS)
        return refuse('id_conflict', { message: `What it changed was kept for ${KEPT_DAYS} days.` });
      const undoneBy = await store.undoneBy(name);
      if (undoneBy !== undefined)
        return refuse('id_conflict', { message: `It is taken back by the run ${undoneBy} already.` });
      const { spec, rate } = run;
      return await begun(await store.create({ run: newName(), spec, undoes: name, rate, author }));
    },
  };
}

const DAY_MS = 86_400_000;
const invalid = ({ path, message }: Wrong) => refuse('invalid_field', { path, message });
/** In the order of their beginning, to the day; short enough to be typed. */
const newName = () =>
  `${new Date().toISOString().slice(0, 10).replaceAll('-', '')}-${randomBytes(4).toString('hex')}`;

function wishOf(course: Course, value: number | undefined): RunWish {
  if (course === 'rate') return { want: 'rate', rate: value! };
  if (course === 'resume') return { want: 'resume', ...(value === undefined ? {} : { maxRemovals: value }) };
  return { want: course };
}

function statusOf({
  spec,
  page: _page,
  phase: _phase,
  exhausted: _exhausted,
  ...run
}: ReprocessRun): RunStatus {
  const { draft, policiesThrough: _policies, ...asked } = spec;
  const secondsLeft = secondsLeftOf(run);
  return {
    ...asked,
    ...(draft === undefined ? {} : { drafted: true as const }),
    ...run,
    ...(secondsLeft === undefined ? {} : { secondsLeft }),
  };
}

/** By the pace until now, at most the rate that is allowed. */
function secondsLeftOf({
  state,
  total,
  counts,
  rate,
  createdAt,
  movedAt,
}: Omit<ReprocessRun, 'spec' | 'page' | 'phase' | 'exhausted'>) {
  if (state !== 'running' || total === undefined || counts.matched === 0) return undefined;
  const tookSeconds = Math.max(0.001, (Date.parse(movedAt) - Date.parse(createdAt)) / 1_000);
  const pace = Math.min(rate, counts.matched / tookSeconds);
  return Math.ceil(Math.max(0, total - counts.matched) / pace);
}
