/**
 * The store's memory of what it stored: a bit an offset, in blocks, written in the transaction of the rows. With it
 * an audit names every row that is gone by its id, and every row that nobody ever acknowledged, in a log that was
 * trimmed long ago. What it cannot name: an entry that vanished before it reached the store. That is for the log to
 * tell, while it has it, and for its count of trimmed creations afterwards.
 */
import type { Queryable } from './transaction.ts';

/** Offsets in a block: the migration's, and never to be changed. */
export const BLOCK = 1_024;
const BYTES = BLOCK / 8;

/** Bits come as hexadecimal digits: a quarter of their own text, and cheaper than to set them one by one here. */
const TALLY = `
  INSERT INTO tallies (room, block, created, settled)
  SELECT room, block, ('x' || created)::bit(${BLOCK}), ('x' || settled)::bit(${BLOCK})
  FROM unnest($1::text[], $2::bigint[], $3::text[], $4::text[]) AS marks (room, block, created, settled)
  ON CONFLICT (room, block) DO UPDATE SET
    created = tallies.created | excluded.created, settled = tallies.settled | excluded.settled
  WHERE tallies.created | excluded.created <> tallies.created
    OR tallies.settled | excluded.settled <> tallies.settled`;

type Tally = {
  /** What has a row now that had none. */
  inserted: { room: string; id: number }[];
  /** Everything that the store reflects now, whether its row is new or not. */
  settled: { submission: { room: string; offset: number }; last?: number | undefined }[];
};
type Marks = { room: string; block: number; created: Uint8Array; settled: Uint8Array };

/** Notes what a transaction stores. A repeat changes nothing. Blocks are locked in their order. */
export async function addTallies(db: Queryable, { inserted, settled }: Tally): Promise<void> {
  if (settled.length === 0) return;
  const blocks = new Map<string, Marks>();
  const mark = (which: 'created' | 'settled', room: string, offset: number) => {
    const block = Math.floor(offset / BLOCK);
    const key = `${room} ${block}`;
    const marks = blocks.get(key) ?? {
      room,
      block,
      created: new Uint8Array(BYTES),
      settled: new Uint8Array(BYTES),
    };
    blocks.set(key, marks);
    const bit = offset % BLOCK;
    marks[which][bit >> 3]! |= 0x80 >> (bit & 7);
  };
  for (const { room, id } of inserted) {
    mark('created', room, id);
    mark('settled', room, id);
  }
  for (const { submission, last } of settled) {
    mark('settled', submission.room, submission.offset);
    if (last !== undefined) mark('settled', submission.room, last);
  }
  const marks = [...blocks.values()].sort(inOrder);
  await db.query(TALLY, [
    marks.map(({ room }) => room),
    marks.map(({ block }) => block),
    marks.map(({ created }) => Buffer.from(created).toString('hex')),
    marks.map(({ settled: places }) => Buffer.from(places).toString('hex')),
  ]);
}

function inOrder(a: Marks, b: Marks): number {
  if (a.room !== b.room) return a.room < b.room ? -1 : 1;
  return a.block - b.block;
}
