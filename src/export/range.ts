/** What is asked for, as the command line says it. Pure. */
import { parseArgs } from 'node:util';
import { ROOM_PATTERN } from '../message.ts';

/** Ids are exclusive, as the cursors of history are; of times `from` is inclusive and `to` exclusive. */
export type Range = {
  /** By name; absent: all. */
  rooms?: string[];
  from?: string;
  to?: string;
  after?: number;
  before?: number;
  /** With what moderators alone reach. */
  originals: boolean;
};
export type Asked = {
  /** Absent where the cursor alone says it. */
  range?: Range;
  cursor?: string;
  cursorFile?: string;
  /** Lines at most. */
  limit?: number;
};

export const USAGE = `usage: npm run -s export -- --room NAME | --rooms a,b | --all
         [--from TIME] [--to TIME]   accepted since (inclusive) and before (exclusive), ISO 8601
         [--after ID] [--before ID]  of one room, exclusive
         [--originals]               with what moderators alone reach
         [--limit N] [--cursor CURSOR | --cursor-file FILE]
`;

/** The command line says something that cannot be done; the message says what. */
export class UsageError extends Error {
  override name = 'UsageError';
}

const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;
const OPTIONS = {
  ...{ room: text, rooms: text, all: flag, from: text, to: text, after: text, before: text },
  ...{ originals: flag, limit: text, cursor: text, 'cursor-file': text },
} as const;
type Values = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values'];
/** A date, or a time with its zone. */
const TIME = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d))?$/;

/** Throws UsageError. */
export function parseAsked(args: string[]): Asked {
  const values = valuesOf(args);
  const { cursor, 'cursor-file': cursorFile } = values;
  if (cursor !== undefined && cursorFile !== undefined)
    throw new UsageError('Give --cursor or --cursor-file, not both.');
  const range = rangeOf(values);
  if (range === undefined && cursor === undefined && cursorFile === undefined)
    throw new UsageError('Which rooms? Give --room, --rooms or --all.');
  return {
    ...(range === undefined ? {} : { range }),
    ...(cursor === undefined ? {} : { cursor }),
    ...(cursorFile === undefined ? {} : { cursorFile }),
    ...(values.limit === undefined ? {} : { limit: integer('--limit', values.limit, 1) }),
  };
}

function valuesOf(args: string[]): Values {
  try {
    return parseArgs({ args, options: OPTIONS }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : 'The options are wrong.');
  }
}

/** Undefined where no option says anything of a range. */
function rangeOf(values: Values): Range | undefined {
  const { room, rooms, all, from, to, after, before, originals = false } = values;
  const scopes = [room, rooms, all].filter(scope => scope !== undefined);
  const times = from !== undefined || to !== undefined;
  const ids = after !== undefined || before !== undefined;
  if (scopes.length === 0) {
    if (times || ids || originals) throw new UsageError('Which rooms? Give --room, --rooms or --all.');
    return undefined;
  }
  if (scopes.length > 1) throw new UsageError('Give one of --room, --rooms and --all.');
  if (times && ids) throw new UsageError('Give times or ids, not both.');
  if (ids && room === undefined) throw new UsageError('Ids are of one room: give it with --room.');
  const range: Range = {
    ...(all ? {} : { rooms: room === undefined ? roomsOf(rooms!.split(',')) : roomsOf([room]) }),
    ...(from === undefined ? {} : { from: time('--from', from) }),
    ...(to === undefined ? {} : { to: time('--to', to) }),
    ...(after === undefined ? {} : { after: integer('--after', after, 0) }),
    ...(before === undefined ? {} : { before: integer('--before', before, 0) }),
    originals,
  };
  if (range.from !== undefined && range.to !== undefined && range.from >= range.to)
    throw new UsageError('--from is not before --to.');
  return range;
}

/** In the order of the store, each once. */
function roomsOf(names: string[]): string[] {
  const wrong = names.find(name => !ROOM_PATTERN.test(name));
  if (wrong !== undefined) throw new UsageError(`"${wrong}" is no room's name.`);
  return [...new Set(names)].sort();
}

function time(option: string, value: string): string {
  const at = TIME.test(value) ? new Date(value) : new Date(Number.NaN);
  if (Number.isNaN(at.getTime()))
    throw new UsageError(
      `${option} is ${value}: give a date, or a time with its zone, as 2026-01-31T00:00:00Z.`,
    );
  return at.toISOString();
}

function integer(option: string, value: string, min: number): number {
  const number = Number(value);
  if (!/^\d{1,16}$/.test(value) || !Number.isSafeInteger(number) || number < min)
    throw new UsageError(`${option} is ${value}: give a whole number from ${min}.`);
  return number;
}
