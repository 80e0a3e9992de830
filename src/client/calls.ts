/** Calls over the socket: each frame carries a `ref`, and its answers are found by it. */
import type { Clock } from './clock.ts';
import { errorFrom, type ParleyError, timedOut } from './parley-error.ts';
import type { ServerFrame } from './protocol.ts';

type Call = { answer: (frame: ServerFrame) => void; fail: (error: ParleyError) => void };

export type Calls = ReturnType<typeof createCalls>;

/** `send` throws a ParleyError where there is no open socket. */
export function createCalls({ clock, send }: { clock: Clock; send: (frame: object) => void }) {
  const calls = new Map<number, Call>();
  let lastRef = 0;

  return {
    /**
     * Sends a frame and hands every answer to `read`, at once and in order, until it gives something other than
     * undefined. Rejects with a ParleyError: an `error` frame, no answer within `timeoutMs` of the last one, or
     * a lost connection. Bounded by its callers: a room joins once at a time, the outbox has a window.
     */
    ask<T>(frame: object, timeoutMs: number, read: (frame: ServerFrame) => T | undefined): Promise<T> {
      lastRef += 1;
      const ref = lastRef;
      return new Promise<T>((resolve, reject) => {
        const arm = () => clock.setTimer(() => fail(timedOut('The frame')), timeoutMs);
        let disarm = arm();
        const end = () => {
          disarm();
          calls.delete(ref);
        };
        const fail = (error: ParleyError) => {
          end();
          reject(error);
        };
        const answer = (found: ServerFrame) => {
          if (found.type === 'error') return fail(errorFrom(found));
          const value = read(found);
          disarm();
          if (value === undefined) {
            disarm = arm();
            return;
          }
          end();
          resolve(value);
        };
        calls.set(ref, { answer, fail });
        try {
          send({ ...frame, ref });
        } catch (error) {
          end();
          reject(error);
        }
      });
    },
    /** True when the frame was the answer to a call, also to one that nobody waits for any more. */
    answered(frame: ServerFrame): boolean {
      if (typeof frame.ref !== 'number') return false;
      calls.get(frame.ref)?.answer(frame);
      return true;
    },
    failAll(error: ParleyError) {
      for (const call of [...calls.values()]) call.fail(error);
    },
  };
}
