/**
 * A room's log, while it has its entries, against the store. What is found is a suspicion: a second look some seconds
 * later must find the same, for an edit may be between the two. Open entries are read first, then the log, then the
 * rows: what was settled meanwhile has its row by then.
 */
import type { AccountLog, AccountSlice, AccountState } from '../rooms/account.ts';
import type { AccountStore } from '../store/account.ts';
import type { Pace } from './pace.ts';
import { type Finding, MAX_NAMED } from './report.ts';

type Deps = { log: AccountLog; store: AccountStore; pace: Pace };
export type LogHead = Pick<AccountSlice, 'epoch' | 'end' | 'first' | 'trimmed' | 'base'>;

export function createLogAgainstStore({ log, store, pace }: Deps) {
  /** Walks the log as of one epoch; where that ends meanwhile, the walk ends too. */
  async function* slices(room: string): AsyncGenerator<AccountSlice> {
    let epoch: string | undefined;
    for (let after = 0; ; ) {
      const slice = await log.slice(room, after);
      if (slice === undefined || slice.epoch !== (epoch ?? slice.epoch)) return;
      epoch = slice.epoch;
      yield slice;
      if (slice.entries.length === 0) return;
      after = slice.entries.at(-1)!.offset;
      await pace();
    }
  }

  async function openIds(room: string): Promise<Set<number>> {
    const ids = new Set<number>();
    for await (const entry of log.open(room)) for (const id of entry.ids) ids.add(id);
    return ids;
  }

  /** What a slice names that has left the pipeline, and lacks a row, an outcome or its newest revision. */
  async function lacking(room: string, slice: AccountSlice, inFlight: Set<number>): Promise<Finding[]> {
    for (const { ids, open } of slice.entries) if (open) for (const id of ids) inFlight.add(id);
    // Of what expired, or was erased, the log need know nothing more.
    const named = ({ kind, ids }: AccountSlice['entries'][number]) =>
      kind === 'x' ? ids.filter(id => slice.states.has(id)) : ids;
    const ids = [...new Set(slice.entries.flatMap(named))].filter(
      id => !inFlight.has(id) && !slice.states.get(id)?.lastOpen,
    );
    if (ids.length === 0) return [];
    const rows = await store.revisions(room, ids);
    const found = ids.flatMap(id => {
      const fault = faultOf(slice.states.get(id), rows.get(id));
      return fault === undefined ? [] : [{ room, epoch: slice.epoch, id, ...fault }];
    });
    if (found.length === 0) return [];
    const letters = await store.letters(
      room,
      found.map(({ id }) => id),
    );
    return found.filter(({ id }) => (letters.get(id) ?? -1) < (slice.states.get(id)?.revision ?? 1));
  }

  /** Holes of the log: what its newest entry was for some message is a missing outcome, another one is a hole. */
  async function holesOf(room: string, epoch: string, holes: Set<number>): Promise<Finding[]> {
    const found: Finding[] = [];
    const left = new Set(holes);
    for await (const { states } of slices(room)) {
      for (const { id, last } of states.values()) {
        if (!left.delete(last)) continue;
        found.push({
          kind: 'missing_outcome',
          room,
          epoch,
          id,
          known: `the log lacks its newest entry, offset ${last}`,
        });
      }
    }
    const rest = [...left].map(
      (offset): Finding => ({ kind: 'log_hole', room, epoch, offset, known: 'the log lacks this entry' }),
    );
    return [...found, ...rest];
  }

  return {
    /** Suspicions about a room, the first thousand, and where its log stood first; no head where it has none. */
    async suspect(room: string): Promise<{ suspects: Finding[]; head?: LogHead }> {
      const inFlight = await openIds(room);
      const suspects: Finding[] = [];
      const holes = new Set<number>();
      let head: LogHead | undefined;
      let reached: number | undefined;
      for await (const slice of slices(room)) {
        const { epoch, end, first, trimmed, base, entries } = slice;
        head ??= { epoch, end, first, trimmed, base };
        let expected = Math.max(reached === undefined ? first : reached + 1, first);
        for (const { offset } of [...entries, ...(entries.length === 0 ? [{ offset: end + 1 }] : [])]) {
          for (; expected < offset && holes.size < MAX_NAMED; expected += 1) holes.add(expected);
          expected = offset + 1;
          reached = offset;
        }
        if (suspects.length < MAX_NAMED) suspects.push(...(await lacking(room, slice, inFlight)));
      }
      if (head === undefined) return { suspects };
      if (holes.size > 0) suspects.push(...(await holesOf(room, head.epoch, holes)));
      return { suspects: suspects.slice(0, MAX_NAMED), head };
    },
  };
}

function faultOf(
  state: AccountState | undefined,
  stored: number | undefined,
): Pick<Finding, 'kind' | 'known'> | undefined {
  if (stored === undefined)
    return { kind: 'missing_row', known: 'settled in the log, and neither a row nor a dead letter' };
  if (state === undefined)
    return { kind: 'missing_outcome', known: 'the log names it and has no state of it' };
  const { revision, decided } = state;
  if (stored < revision)
    return { kind: 'stale_row', known: `the log has revision ${revision}, the store ${stored}` };
  if (stored === revision && decided < revision)
    return { kind: 'missing_outcome', known: `revision ${revision} is stored, and undecided in the log` };
  return undefined;
}
