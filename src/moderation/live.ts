/**
 * The policies as they stand, in every process that judges: all read at the start, and what is new twice a second,
 * so that a change counts everywhere within two seconds. While the store is away the last ones known go on.
 */

import { type CompiledPolicy, compilePolicy, inherit } from './policy/compile.ts';
import { BUILTIN_VERSION, DEFAULT_POLICY } from './policy/default.ts';
import type { Policy } from './policy/types.ts';

/** The default's scope is `*`. */
type News = { id: number; scope: string; version: number; policy: unknown };
type Warn = (details: object, message: string) => void;
type Deps = { since(id: number): Promise<News[]>; logger: { warn: Warn }; pollMs?: number };
export type LivePolicies = ReturnType<typeof createLivePolicies>;

const POLL_MS = 500;
/** Rooms whose policies are kept ready; beyond that the one that was asked for longest ago is compiled anew. */
const MAX_COMPILED = 200;

/** `load` before the first `of`; it throws what `since` throws. */
export function createLivePolicies({ since, logger, pollMs = POLL_MS }: Deps) {
  let base = { policy: DEFAULT_POLICY, version: BUILTIN_VERSION };
  let shared = compilePolicy(base.policy, base.version);
  const own = new Map<string, { policy: Policy; version: number }>();
  const compiled = new Map<string, CompiledPolicy>();
  let last = 0;
  let reading = false;
  let failing = false;

  function learn({ scope, version, policy }: News) {
    if (scope !== '*') {
      own.set(scope, { policy: policy as Policy, version });
      compiled.delete(scope);
      return;
    }
    base = { policy: policy as Policy, version: `default@${version}` };
    shared = compilePolicy(base.policy, base.version);
    compiled.clear();
  }

  async function load(): Promise<void> {
    for (const news of await since(last)) {
      last = news.id;
      try {
        learn(news);
      } catch (error) {
        logger.warn(
          { scope: news.scope, version: news.version, error },
          'a policy cannot be used: the one before it stands',
        );
      }
    }
  }

  function compileOwn(room: string): CompiledPolicy {
    const { policy, version } = own.get(room)!;
    const whole = inherit(policy, base.policy);
    if ('policy' in whole) return compilePolicy(whole.policy, `room@${version}/${base.version}`);
    logger.warn(
      { room, version, path: whole.errors[0]?.path },
      'with the default this policy is too large: it judges alone',
    );
    return compilePolicy(policy, `room@${version}`);
  }

  const timer = setInterval(async () => {
    if (reading) return;
    reading = true;
    try {
      await load();
      failing = false;
    } catch (error) {
      if (!failing) logger.warn({ error }, 'policies cannot be read: the last ones known stand');
      failing = true;
    } finally {
      reading = false;
    }
  }, pollMs);
  timer.unref();

  return {
    load,
    /** What counts in a room. */
    of(room: string): CompiledPolicy {
      if (!own.has(room)) return shared;
      const ready = compiled.get(room) ?? compileOwn(room);
      // In the order of use.
      compiled.delete(room);
      compiled.set(room, ready);
      if (compiled.size > MAX_COMPILED) compiled.delete(compiled.keys().next().value!);
      return ready;
    },
    close() {
      clearInterval(timer);
    },
  };
}
