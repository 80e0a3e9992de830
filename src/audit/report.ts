/** What an audit says. */

/**
 * - `missing_row`: stored once, or settled in the log, and there is neither a row nor a dead letter now
 * - `unknown_row`: a row that was never acknowledged: no log and no tally knows it
 * - `dropped_entry`: acknowledged, and neither the store nor the intake nor an unfinished batch has it
 * - `missing_outcome`: it left the pipeline, and the log, or its row, has no outcome of it
 * - `stale_row`: the store has an older revision than the log, and nothing is on its way
 * - `log_hole`: the log lacks an entry between others, and what it said is not known
 */
export type Kind =
  | 'missing_row'
  | 'unknown_row'
  | 'dropped_entry'
  | 'missing_outcome'
  | 'stale_row'
  | 'log_hole';

/** One thing that is not accounted for. `epoch` is absent where the record of epochs has a gap. */
export type Finding = {
  kind: Kind;
  room: string;
  epoch?: string;
  /** The message; absent where only the place in the log is known. */
  id?: number;
  offset?: number;
  /** What is known, in a sentence without the message's text. */
  known: string;
};

/** What an epoch took with it that ended by a loss: `atMost` entries, all of them in `ranges` (both ends included). */
export type Loss = {
  room: string;
  epoch: string;
  seen: number;
  noticedAt: string;
  atMost: number;
  ranges: [from: number, to: number][];
  known: string;
};

export type Scope = 'all' | 'touched';
export type Report = {
  scope: Scope;
  at: string;
  tookMs: number;
  /** Looked at in this audit. */
  rooms: number;
  /** Rows of those rooms, tombstones of withdrawn repeats not counted. */
  stored: number;
  withdrawn: number;
  /** Dead letters of all rooms. */
  setAside: number;
  /** Acknowledged entries of all rooms that the store does not reflect yet. */
  inFlight: number;
  /** At most, and each named in `losses`. */
  lost: number;
  /** Also those beyond the thousand that `findings` names. */
  unaccounted: number;
  findings: Finding[];
  losses: Loss[];
};

/** Findings and losses that a report names; the others are counted. */
export const MAX_NAMED = 1_000;

/** The same thing, looked at twice, has the same key. */
export function keyOf({ kind, room, id, offset, known }: Finding): string {
  return kind === 'stale_row'
    ? `${kind} ${room} ${id} ${known}`
    : `${kind} ${room} ${id === undefined ? `at ${offset}` : id}`;
}

/** Gathers findings, each once. */
export function createFindings() {
  const named = new Map<string, Finding>();
  let more = 0;
  return {
    add(...findings: Finding[]) {
      for (const finding of findings) {
        const key = keyOf(finding);
        if (named.has(key)) continue;
        if (named.size < MAX_NAMED) named.set(key, finding);
        else more += 1;
      }
    },
    list: () => [...named.values()],
    count: () => named.size + more,
  };
}

/** Consecutive numbers as ranges, lowest first. */
export function rangesOf(numbers: number[]): [number, number][] {
  const ranges: [number, number][] = [];
  for (const number of [...numbers].sort((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last !== undefined && last[1] === number - 1) last[1] = number;
    else ranges.push([number, number]);
  }
  return ranges;
}

/** The report as lines: a table, then a line for each finding and each loss. */
export function linesOf(report: Report): string[] {
  const { rooms, stored, withdrawn, setAside, inFlight, lost, unaccounted } = report;
  const table = { rooms, stored, withdrawn, 'set aside': setAside, 'in flight': inFlight, lost, unaccounted };
  const more = unaccounted - report.findings.length;
  return [
    ...Object.entries(table).map(([name, value]) => `${name.padEnd(13)} ${value}`),
    ...report.losses.map(
      ({ room, epoch, atMost, ranges, known }) =>
        `${'lost'.padEnd(16)} ${room}  epoch ${epoch}  at most ${atMost}: ${ranges.map(([a, b]) => (a === b ? a : `${a}-${b}`)).join(', ')}  ${known}`,
    ),
    ...report.findings.map(
      ({ kind, room, epoch, id, offset, known }) =>
        `${kind.padEnd(16)} ${room} ${id ?? `at ${offset}`}  epoch ${epoch ?? 'unknown'}  ${known}`,
    ),
    ...(more > 0 ? [`and ${more} more`] : []),
  ];
}
