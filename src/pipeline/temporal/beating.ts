import { Context } from '@temporalio/activity';

/** An activity whose heartbeat tells that its worker lives, so that another one need not wait for its timeout. */
export function beating<I, O>(run: (input: I) => Promise<O>, everyMs: number): (input: I) => Promise<O> {
  return async input => {
    const { heartbeat } = Context.current();
    const timer = setInterval(() => heartbeat(), everyMs);
    try {
      return await run(input);
    } finally {
      clearInterval(timer);
    }
  };
}
