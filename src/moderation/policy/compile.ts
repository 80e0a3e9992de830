import type { Action } from '../../message.ts';
import { createOwnWords, type OwnWords } from '../rules/own-words.ts';
import { DEFAULT_POLICY } from './default.ts';
import { createFind, type Find } from './finders.ts';
import { checkWhole, type Parsed } from './parse.ts';
import type { Policy, ProviderChoice, Rule } from './types.ts';
import { type Window, windowsOf } from './windows.ts';

/** A policy made ready: `judge` takes it as it is, any number of times. */
export type CompiledPolicy = {
  version: string;
  rules: { id: string; action: Action; find: Find; type: Rule['type'] }[];
  /** The words inside which no list, word or pattern hits. */
  excepts: OwnWords | undefined;
  /** What rules ask for beside the text: counts, and scores of these categories. */
  windows: Window[];
  categories: string[];
  whenDown: ProviderChoice['whenDown'];
};

/** Makes a policy that `parsePolicy` or `inherit` gave ready; `version` is what verdicts name it by. */
export function compilePolicy({ rules, off, provider }: Policy, version: string): CompiledPolicy {
  const left = rules.filter(({ id }) => !off?.includes(id));
  const excepted = left.flatMap(rule => (rule.type === 'except' ? rule.words : []));
  return {
    version,
    rules: left
      .filter(rule => rule.type !== 'except')
      .map(rule => ({ id: rule.id, action: rule.action, type: rule.type, find: createFind(rule) })),
    excepts: excepted.length === 0 ? undefined : createOwnWords(excepted),
    windows: windowsOf(left),
    categories: left.flatMap(rule => (rule.type === 'provider' ? rule.category : [])),
    whenDown: provider?.whenDown ?? 'open',
  };
}

/**
 * What counts in a room: the rules of the default, replaced by id, without those that the room names in `off`, then
 * the room's own. Errors where the two together go beyond the bounds of one policy.
 */
export function inherit(room: Policy, from: Policy = DEFAULT_POLICY): Parsed {
  const own = new Map(room.rules.map(rule => [rule.id, rule]));
  const base = from.rules.filter(({ id }) => !from.off?.includes(id));
  const inherited = base.map(rule => own.get(rule.id) ?? rule);
  const known = new Set(inherited.map(({ id }) => id));
  const rules = [...inherited, ...room.rules.filter(({ id }) => !known.has(id))].filter(
    ({ id }) => !room.off?.includes(id),
  );
  const errors = checkWhole({ rules });
  if (errors.length > 0) return { errors };
  return { policy: { schema: 1, rules, ...choicesOf(room, from) } };
}

/** What a policy says as a whole: the room's own choice, else the default's. */
export function choicesOf(room: Policy, from: Policy): Pick<Policy, 'release' | 'provider'> {
  const release = room.release ?? from.release;
  const provider = room.provider ?? from.provider;
  return { ...(release === undefined ? {} : { release }), ...(provider === undefined ? {} : { provider }) };
}
