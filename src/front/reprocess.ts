/** The calls on runs over history: for admins whose token covers every room. */
import type { Request, Response } from 'express';
import { isRefusal, type Refusal, refuse } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { queryOf } from './auth.ts';
import type { ReadBody } from './body.ts';
import type { Answer, Handler } from './endpoint.ts';
import { parseRunsQuery } from './history-query.ts';
import type { Identity } from './identity.ts';
import { createStoreReads } from './store-reads.ts';

export const COURSES = ['pause', 'resume', 'cancel', 'rate'] as const;
type Course = (typeof COURSES)[number];
type Run = { run: string; createdAt: string };
type Body = Record<string, unknown>;

/** What these calls need, which throws where the database does not answer. */
export type Reprocessing = {
  start(json: Body, author: string): Promise<Run | Refusal>;
  status(run: string): Promise<object | Refusal>;
  list(query: { before?: string; limit: number }): Promise<Run[]>;
  report(run: string): Promise<object | Refusal>;
  steer(run: string, course: Course, json: Body): Promise<object | Refusal>;
  undo(run: string, author: string): Promise<Run | Refusal>;
};
type Deps = { reprocessing: Reprocessing; readBody: ReadBody; logger: Logger; timeoutMs: number };

/** Like 20261128-0a1b2c3d. */
const NAME = /^\d{8}-[0-9a-f]{8}$/;
/** A report counts all that a run found. */
const REPORT_TIMEOUTS = 2;

/**
 * `POST /v1/reprocess` begins a run: 201. `GET /v1/reprocess?before=&limit=` lists them, newest first.
 * `GET /v1/reprocess/:run` and `/report` show one; `POST …/pause`, `/resume`, `/cancel` and `/rate` steer it, `/undo`
 * begins one that takes it back: 201.
 */
export function createReprocessCalls({ reprocessing, readBody, logger, timeoutMs }: Deps) {
  const read = createStoreReads(logger);

  /** A call for admins; `work` may throw what the store throws. */
  const admins =
    <T extends object>(
      given: (
        request: Request,
        response: Response,
        identity: Identity,
      ) => Promise<(() => Promise<T | Refusal>) | Refusal>,
      { status = 200, timeouts = 1 } = {},
    ): Handler =>
    async (request, response, { identity }): Promise<Answer | Refusal> => {
      if (!identity.roles.includes('admin') || identity.rooms !== undefined) return refuse('forbidden');
      const work = await given(request, response, identity);
      if (isRefusal(work)) return work;
      const body = await read(timeoutMs * timeouts, work);
      return isRefusal(body) ? body : { status, body };
    };

  const nameOf = (request: Request): string | Refusal => {
    const run = String(request.params.run);
    return NAME.test(run) ? run : refuse('not_found');
  };
  /** These calls may come without a body. */
  const bodyOf = async (request: Request, response: Response): Promise<Body | Refusal> =>
    (request.headers['content-length'] ?? '0') === '0' && request.headers['transfer-encoding'] === undefined
      ? {}
      : await readBody(request, response);
  const ofRun = <T extends object>(
    work: (run: string, identity: Identity) => Promise<T | Refusal>,
    options = {},
  ) =>
    admins(async (request, _response, identity) => {
      const run = nameOf(request);
      return isRefusal(run) ? run : () => work(run, identity);
    }, options);

  return {
    start: admins(
      async (request, response, identity) => {
        const body = await readBody(request, response);
        return isRefusal(body) ? body : () => reprocessing.start(body, identity.user);
      },
      { status: 201 },
    ),
    list: admins(async request => {
      const query = parseRunsQuery(queryOf(request));
      if (isRefusal(query)) return query;
      const { limit } = query;
      return async () => {
        const found = await reprocessing.list({ ...query, limit: limit + 1 });
        return { runs: found.slice(0, limit), hasMore: found.length > limit };
      };
    }),
    status: ofRun(run => reprocessing.status(run)),
    report: ofRun(run => reprocessing.report(run), { timeouts: REPORT_TIMEOUTS }),
    undo: ofRun((run, { user }) => reprocessing.undo(run, user), { status: 201 }),
    steer: (course: Course) =>
      admins(async (request, response) => {
        const run = nameOf(request);
        if (isRefusal(run)) return run;
        const body = await bodyOf(request, response);
        return isRefusal(body) ? body : () => reprocessing.steer(run, course, body);
      }),
  };
}
