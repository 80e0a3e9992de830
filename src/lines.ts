import type { Readable } from 'node:stream';

/** Stands for a line of more than a mebibyte, which is not kept. */
export const TooLong = Symbol('too long');
const MAX_LINE = 1_048_576;

/**
 * The lines of a stream in UTF-8, without their `\n` or `\r\n`; no other character ends one. Empty lines count, what
 * follows the last `\n` only where there is something. Reads on as the caller does.
 */
export async function* linesOf(stream: Readable): AsyncGenerator<string | typeof TooLong> {
  stream.setEncoding('utf8');
  let rest = '';
  let overlong = false;
  for await (const chunk of stream) {
    const parts = (rest + String(chunk)).split('\n');
    rest = parts.pop()!;
    for (const part of parts) {
      yield overlong || part.length > MAX_LINE ? TooLong : part.endsWith('\r') ? part.slice(0, -1) : part;
      overlong = false;
    }
    if (rest.length > MAX_LINE) {
      rest = '';
      overlong = true;
    }
  }
  if (overlong) yield TooLong;
  else if (rest !== '') yield rest;
}
