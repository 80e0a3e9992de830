/**
 * The policies as they stand, in every process that judges: all read at the start, and what is new twice a second,
 * so that a change counts everywhere within two seconds. While the store is away the last ones known go on.
 */

import { type CompiledPolicy, choicesOf, compilePolicy, inherit } from './policy/compile.ts';
import { BUILTIN_VERSION, DEFAULT_POLICY } from './policy/default.ts';
import type { Policy, Release } from './policy/types.ts';

/** The default's scope is `*`. */
type News = { id: number; scope: string; version: number; policy: unknown };
type Warn = (details: object, message: string) => void;
type Deps = {
  since(id: number): Promise<News[]>;
  logger: { warn: Warn };
  /** 0: never. */
  pollMs?: number;
  /** Called with each policy that is learned. */
  onNews?: (policy: Policy) => void;
};
/** What counts in a room, and the name that verdicts give it; compiled when it is first asked for. */
type Counting = { policy: Policy; version: string; compiled?: CompiledPolicy };
export type LivePolicies = ReturnType<typeof createLivePolicies>;

const LIVE: Release = { mode: 'live' };
const POLL_MS = 500;
/** Rooms whose policies are kept ready; beyond that the one that was asked for longest ago is compiled anew. */
const MAX_COMPILED = 200;

/** `load` before the first `of`; it throws what `since` throws. */
export function createLivePolicies({ since, logger, pollMs = POLL_MS, onNews }: Deps) {
  let base = { policy: DEFAULT_POLICY, version: BUILTIN_VERSION };
  let shared: Counting = compiledNow(base);
  const own = new Map<string, { policy: Policy; version: number }>();
  const counting = new Map<string, Counting>();
  let last = 0;
  let reading = false;
  let failing = false;

  function learn({ scope, version, policy }: News) {
    if (scope !== '*') {
      own.set(scope, { policy: policy as Policy, version });
      counting.delete(scope);
      return;
    }
    const next = { policy: policy as Policy, version: `default@${version}` };
    shared = compiledNow(next);
    base = next;
    counting.clear();
  }

  async function load(): Promise<void> {
    for (const news of await since(last)) {
      last = news.id;
      try {
        learn(news);
        onNews?.(news.policy as Policy);
      } catch (error) {
        logger.warn(
          { scope: news.scope, version: news.version, error },
          'a policy cannot be used: the one before it stands',
        );
      }
    }
  }

  function resolveOwn(room: string): Counting {
    const { policy, version } = own.get(room)!;
    const whole = inherit(policy, base.policy);
    if ('policy' in whole) return { policy: whole.policy, version: `room@${version}/${base.version}` };
    logger.warn(
      { room, version, path: whole.errors[0]?.path },
      'with the default this policy is too large: it judges alone',
    );
    return { policy: { ...policy, ...choicesOf(policy, base.policy) }, version: `room@${version}` };
  }

  function inRoom(room: string): Counting {
    if (!own.has(room)) return shared;
    const known = counting.get(room) ?? resolveOwn(room);
    // In the order of use.
    counting.delete(room);
    counting.set(room, known);
    if (counting.size > MAX_COMPILED) counting.delete(counting.keys().next().value!);
    return known;
  }

  const poll = async () => {
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
  };
  const timer = pollMs > 0 ? setInterval(poll, pollMs).unref() : undefined;

  return {
    load,
    /** What counts in a room. */
    of(room: string): CompiledPolicy {
      const found = inRoom(room);
      found.compiled ??= compilePolicy(found.policy, found.version);
      return found.compiled;
    },
    /** The same as it is written, for who compiles it elsewhere; `key` names it among those of all rooms. */
    written(room: string): { key: string; policy: Policy; version: string } {
      const { policy, version } = inRoom(room);
      return { key: own.has(room) ? `${room} ${version}` : version, policy, version };
    },
    /** How a room releases messages: its own choice, else the default's. */
    release: (room: string): Release => own.get(room)?.policy.release ?? base.policy.release ?? LIVE,
    close() {
      clearInterval(timer);
    },
  };
}

function compiledNow({ policy, version }: Counting): Counting {
  return { policy, version, compiled: compilePolicy(policy, version) };
}
