/**
 * The messages of the benchmark: each text is another one, and says when and as what it was sent. The clock is the
 * machine's monotonic one, which all its processes share.
 */

/** No text and no frame around it has this character anywhere else. */
const MARK = '@'.charCodeAt(0);
const WARM_MARK = '~';
const TIME_DIGITS = 8;
const NUMBER_DIGITS = 4;
const WORDS = [
  'weather',
  'train',
  'garden',
  'ticket',
  'coffee',
  'window',
  'river',
  'meeting',
  'paper',
  'music',
];

/** Microseconds of the machine's monotonic clock. */
export function nowUs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1_000_000 + Math.floor(nanoseconds / 1_000);
}

/** The text of message `n`, sent now. One that only warms up is not found by `findMarks`. */
export function textOf(n: number, warming: boolean): string {
  const time = nowUs().toString(36).padStart(TIME_DIGITS, '0');
  const number = n.toString(36).padStart(NUMBER_DIGITS, '0');
  const [one, other] = [WORDS[n % 10], WORDS[Math.floor(n / 10) % 10]];
  return `${warming ? WARM_MARK : '@'}${time}${number} about the ${one} and the ${other}, shall we talk again at noon?`;
}

/** Whether a frame brings a message, and not an answer. */
export function carriesText(frame: string): boolean {
  return frame.includes('@') || frame.includes(WARM_MARK);
}

/** Calls `found` for every text in these bytes, with its number and when it was sent. */
export function findMarks(
  bytes: Buffer,
  from: number,
  to: number,
  found: (n: number, sentUs: number) => void,
): void {
  for (let at = bytes.indexOf(MARK, from); at >= 0 && at < to; at = bytes.indexOf(MARK, at + 1)) {
    const time = at + 1;
    const number = time + TIME_DIGITS;
    found(base36(bytes, number, number + NUMBER_DIGITS), base36(bytes, time, number));
  }
}

function base36(bytes: Buffer, from: number, to: number): number {
  let value = 0;
  for (let at = from; at < to; at += 1) {
    const code = bytes[at]!;
    value = value * 36 + (code < 58 ? code - 48 : code - 87);
  }
  return value;
}
