/** What one client was given, message by message, and how long it took to catch up after each cut. */
import { findMarks, nowUs } from '../delivery/text.ts';

export type Account = {
  delivered: number;
  doubles: number;
  /** Deliveries that came after a later message. */
  disordered: number;
  cuts: number;
  /** Cuts at whose time the one before was not caught up with yet; their times are in no list. */
  overtaken: number;
  /** ms from the line's return until the first message that was sent after it is there. */
  replaysMs: number[];
  /** ms from the cut until then. */
  absencesMs: number[];
  /** ms from the send of every 16th message until it came to a client that had caught up. */
  liveMs: number[];
};

const SAMPLE = 16;

export function createLedger(messages: number) {
  const seen = new Uint8Array(messages);
  const replaysMs: number[] = [];
  const absencesMs: number[] = [];
  const liveMs: number[] = [];
  const count = { delivered: 0, doubles: 0, disordered: 0, cuts: 0, overtaken: 0 };
  let newest = -1;
  let cutUs: number | undefined;
  let upUs: number | undefined;

  function take(n: number, sentUs: number) {
    if (n >= messages) throw new Error(`message ${n} was never sent`);
    if (seen[n] !== 0) {
      count.doubles += 1;
      return;
    }
    seen[n] = 1;
    count.delivered += 1;
    if (n < newest) count.disordered += 1;
    newest = Math.max(newest, n);
    if (cutUs === undefined && n % SAMPLE === 0) liveMs.push((nowUs() - sentUs) / 1_000);
    if (cutUs === undefined || upUs === undefined || sentUs < upUs) return;
    const now = nowUs();
    replaysMs.push((now - upUs) / 1_000);
    absencesMs.push((now - cutUs) / 1_000);
    cutUs = undefined;
    upUs = undefined;
  }

  return {
    /** A text as it was sent; others than those of the benchmark are passed over. */
    message(text: string) {
      const bytes = Buffer.from(text);
      findMarks(bytes, 0, bytes.length, take);
    },
    cut() {
      count.cuts += 1;
      if (cutUs !== undefined) count.overtaken += 1;
      cutUs = nowUs();
      upUs = undefined;
    },
    up() {
      upUs = nowUs();
    },
    delivered: () => count.delivered,
    /** Marks in `all` what was delivered here. */
    markIn(all: Uint8Array) {
      for (const [n, was] of seen.entries()) all[n]! |= was;
    },
    account: (): Account => ({ ...count, replaysMs, absencesMs, liveMs }),
  };
}
