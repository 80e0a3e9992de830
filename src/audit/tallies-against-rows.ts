/**
 * What was stored once against the rows that are there, for the whole life of a room, whether its log still has it or
 * not. Tallies and rows are written in one transaction and read in one statement: what is found is certain at once.
 */
import type { AccountStore } from '../store/account.ts';
import type { LogHead } from './log-against-store.ts';
import type { Pace } from './pace.ts';
import { type Finding, rangesOf } from './report.ts';

type Deps = { store: AccountStore; pace: Pace };
/** Offsets that are named as the places of what is missing. */
const MAX_PLACES = 20;

export function createTalliesAgainstRows({ store, pace }: Deps) {
  return {
    /** Compares all blocks of a room; counts its rows on the way. */
    async compare(room: string): Promise<{ findings: Finding[]; rows: number; withdrawn: number }> {
      const findings: Finding[] = [];
      let [rows, withdrawn] = [0, 0];
      for (let from = -1; ; ) {
        const blocks = await store.blocks(room, from);
        for (const block of blocks) {
          rows += block.rows;
          withdrawn += block.withdrawn;
          const unknown = new Set(block.unknown);
          findings.push(
            ...block.missing.map(id => found('missing_row', room, id, 'stored once, and no row now')),
            ...block.unknown.map(id => found('unknown_row', room, id, 'a row that was never acknowledged')),
            ...block.unjudged
              .filter(id => !unknown.has(id))
              .map(id => found('missing_outcome', room, id, 'its row has no verdict')),
          );
        }
        await pace();
        if (blocks.length === 0) break;
        from = blocks.at(-1)!.from;
      }
      const stray = await store.stray(room);
      rows += stray.length;
      findings.push(...stray.map(id => found('unknown_row', room, id, 'a row that was never acknowledged')));
      return { findings, rows, withdrawn };
    },

    /**
     * The creations that the log has trimmed, as it counted them, against those that were stored or set aside. Of
     * those that are missing the number is exact, and the places are among those named.
     */
    async trimmed(room: string, { epoch, first, trimmed, base }: LogHead): Promise<Finding[]> {
      if (trimmed === undefined || trimmed === 0 || base === undefined) return [];
      const missing = trimmed - (await store.accounted(room, base + 1, first));
      if (missing <= 0) return [];
      const { offsets } = await store.unsettled(room, base + 1, first - 1);
      if (offsets.length === missing)
        return offsets.map(id => found('missing_row', room, id, 'trimmed from the log, and never stored'));
      const places = rangesOf(offsets).slice(0, MAX_PLACES);
      const among = places.map(([from, to]) => (from === to ? from : `${from}-${to}`)).join(', ');
      return Array.from({ length: missing }, (_, i) => ({
        kind: 'missing_row',
        room,
        epoch,
        offset: first - 1 - i,
        known: `one of ${missing} that were trimmed from the log and never stored, at or before this; among ${among || 'those that are marked as settled'}`,
      }));
    },
  };
}

function found(kind: Finding['kind'], room: string, id: number, known: string): Finding {
  return { kind, room, id, known };
}
