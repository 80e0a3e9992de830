/** What a run found or did, counted by kind, room and rule, with samples; read at once, within a statement's time. */
import type { Pool } from 'pg';

export type RunReport = {
  /** By kind and by what became of the change. */
  kinds: { kind: string; state: string; count: number }[];
  rooms: { room: string; kind: string; count: number }[];
  /** Messages that a rule hits now and did not before, and the other way round. */
  rules: { rule: string; hits: number; misses: number }[];
  samples: Sample[];
};
type Sample = {
  room: string;
  id: number;
  kind: string;
  state: string;
  before: { action: string | null; rules: string[] | null };
  after: { action: string | null; rules: string[] | null };
  /** Of the message as its author wrote it, cut; absent where it is gone. */
  text?: string;
};

const MAX_ROWS = 200;
const SAMPLES = { each: 5, all: 100, text: 200 };

const KINDS = `
  SELECT kind, state, count(*) AS count FROM reprocess_changes WHERE run = $1
  GROUP BY kind, state ORDER BY count DESC, kind`;
const ROOMS = `
  SELECT room, kind, count(*) AS count FROM reprocess_changes WHERE run = $1
  GROUP BY room, kind ORDER BY count DESC, room, kind LIMIT ${MAX_ROWS}`;
const RULES = `
  SELECT rule, count(*) FILTER (WHERE now) AS hits, count(*) FILTER (WHERE NOT now) AS misses
  FROM reprocess_changes c, LATERAL (
    SELECT jsonb_array_elements_text(c.after #> '{verdict,rules}') AS rule, true AS now
    EXCEPT SELECT jsonb_array_elements_text(c.before #> '{verdict,rules}'), true
    UNION ALL (
      SELECT jsonb_array_elements_text(c.before #> '{verdict,rules}'), false
      EXCEPT SELECT jsonb_array_elements_text(c.after #> '{verdict,rules}'), false)) AS moved
  WHERE run = $1 GROUP BY rule ORDER BY count(*) DESC, rule LIMIT ${MAX_ROWS}`;
const SAMPLED = `
  SELECT c.room, c.id, c.kind, c.state,
    jsonb_build_object('action', c.before #> '{verdict,action}', 'rules', c.before #> '{verdict,rules}') AS before,
    jsonb_build_object('action', c.after #> '{verdict,action}', 'rules', c.after #> '{verdict,rules}') AS after,
    left(m.content, ${SAMPLES.text}) AS text
  FROM (
    SELECT *, row_number() OVER (PARTITION BY kind, state, before #> '{verdict,rules}', after #> '{verdict,rules}'
      ORDER BY room, id) AS place
    FROM reprocess_changes WHERE run = $1) c
  LEFT JOIN messages m ON m.room = c.room AND m.id = c.id
  WHERE c.place <= ${SAMPLES.each} ORDER BY c.kind, c.state, c.room, c.id LIMIT ${SAMPLES.all}`;

/** For admins alone: the samples hold texts. Throws what Postgres says. */
export async function reportOf(pool: Pool, run: string): Promise<RunReport> {
  const [kinds, rooms, rules, samples] = await Promise.all([
    pool.query<RunReport['kinds'][number]>(KINDS, [run]),
    pool.query<RunReport['rooms'][number]>(ROOMS, [run]),
    pool.query<RunReport['rules'][number]>(RULES, [run]),
    pool.query<Omit<Sample, 'text'> & { text: string | null }>(SAMPLED, [run]),
  ]);
  return {
    kinds: kinds.rows,
    rooms: rooms.rows,
    rules: rules.rows,
    samples: samples.rows.map(({ text, ...sample }) => (text === null ? sample : { ...sample, text })),
  };
}
