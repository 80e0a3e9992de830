/** A policy as it stands in the form: text in fields, and back. Pure. */
import type { Action } from '../../message.ts';
import type { Policy, Rule, RuleType } from '../../moderation/policy/types.ts';
import { FIELDS, type Field } from './fields.ts';

/** What a field holds: lists and numbers as they were typed. A flag that may be absent is `''`, `yes` or `no`. */
export type Value = string | { above: string; action: Action };
export type RuleDraft = {
  /** Tells rules apart while their ids are typed; never sent. */
  key: number;
  id: string;
  type: RuleType;
  action: Action;
  /** It stands in place of an inherited rule, whose id it keeps. */
  replaces: boolean;
  values: Readonly<Record<string, Value>>;
};
export type ReleaseDraft = { mode: string; deadlineSeconds: string; afterDeadline: string };
export type PolicyDraft = {
  rules: readonly RuleDraft[];
  off: readonly string[];
  release: ReleaseDraft;
  /** What becomes of texts without scores: `''`, `open` or `closed`. */
  whenDown: string;
};

let keys = 0;

/** `inherited` are the rules of all rooms: those of the same id are replaced. */
export function draftOf(policy: Policy, inherited: readonly Rule[]): PolicyDraft {
  const { release } = policy;
  const ids = new Set(inherited.map(({ id }) => id));
  return {
    rules: policy.rules.map(rule => ruleDraftOf(rule, ids.has(rule.id))),
    off: policy.off ?? [],
    release: {
      mode: release?.mode ?? '',
      deadlineSeconds: release?.deadlineMs === undefined ? '' : String(release.deadlineMs / 1_000),
      afterDeadline: release?.afterDeadline ?? '',
    },
    whenDown: policy.provider?.whenDown ?? '',
  };
}

export function ruleDraftOf(rule: Rule, replaces: boolean): RuleDraft {
  const given = rule as unknown as Readonly<Record<string, unknown>>;
  keys += 1;
  return {
    key: keys,
    id: rule.id,
    type: rule.type,
    action: rule.action,
    replaces,
    values: Object.fromEntries(
      FIELDS[rule.type].map(field => [field.name, fieldValue(field, given[field.name])]),
    ),
  };
}

/** An empty rule with an id that none of `taken` has. */
export function newRule(type: RuleType, taken: readonly string[]): RuleDraft {
  let id = `own/${type}`;
  for (let n = 2; taken.includes(id); n += 1) id = `own/${type}-${n}`;
  keys += 1;
  const action = type === 'except' ? 'allow' : 'flag';
  const values = Object.fromEntries(FIELDS[type].map(field => [field.name, fieldValue(field, undefined)]));
  return { key: keys, id, type, action, replaces: false, values };
}

function fieldValue(field: Field, given: unknown): Value {
  switch (field.kind) {
    case 'list':
      return Array.isArray(given) ? given.join('\n') : '';
    case 'flag':
      return given === undefined ? '' : given === true ? 'yes' : 'no';
    case 'escalate': {
      const { above = '', action = 'block' } = (given ?? {}) as { above?: number | ''; action?: Action };
      return { above: String(above), action };
    }
    case 'choice':
      return String(given ?? field.choices?.[0] ?? '');
    default:
      return given === undefined ? '' : String(given);
  }
}

/**
 * The draft as the service takes it. What is no number goes as null and an empty list as an empty one: the service
 * says at which path it is wrong.
 */
export function policyOf({ rules, off, release, whenDown }: PolicyDraft): Policy {
  const policy = {
    schema: 1,
    rules: rules.map(({ id, type, action, values }) => ({
      id: id.trim(),
      type,
      action,
      ...Object.fromEntries(FIELDS[type].flatMap(field => givenOf(field, values[field.name]))),
    })),
    ...(off.length === 0 ? {} : { off }),
    ...(release.mode === '' ? {} : { release: releaseOf(release) }),
    ...(whenDown === '' ? {} : { provider: { whenDown } }),
  };
  return policy as unknown as Policy;
}

function releaseOf({ mode, deadlineSeconds, afterDeadline }: ReleaseDraft) {
  if (mode !== 'gated') return { mode };
  return {
    mode,
    ...(deadlineSeconds === '' ? {} : { deadlineMs: Math.round(numberOf(deadlineSeconds) * 1_000) }),
    ...(afterDeadline === '' ? {} : { afterDeadline }),
  };
}

/** Nothing where the field is left empty and may be. */
function givenOf(field: Field, value: Value | undefined): [string, unknown][] {
  if (value === undefined) return [];
  if (typeof value === 'object') {
    const { above, action } = value;
    return above.trim() === '' ? [] : [[field.name, { above: numberOf(above), action }]];
  }
  if (field.optional && value.trim() === '') return [];
  return [[field.name, plainOf(field, value)]];
}

function plainOf({ kind }: Field, value: string): unknown {
  if (kind === 'list') return itemsOf(value);
  if (kind === 'flag') return value === 'yes';
  return kind === 'number' || kind === 'share' ? numberOf(value) : value;
}

/** NaN, which JSON writes as null, where it is none. A comma is read as a point. */
function numberOf(text: string): number {
  const plain = text.trim().replace(',', '.');
  return plain === '' ? Number.NaN : Number(plain);
}

function itemsOf(text: string): string[] {
  return text
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== '');
}

/** The action's name and what it does, for a choice. */
export const ACTION_WORDS: Readonly<Record<Action, string>> = {
  allow: 'allow',
  flag: 'flag: shown, and noted',
  mask: 'mask: starred out',
  hold: 'hold: until a moderator decides',
  shadow: 'shadow: the author alone sees it',
  bounce: 'bounce: removed, may be rephrased',
  block: 'block: removed',
};

/**
 * Whether an error at `path` (as the service names it, after `policy.`) belongs to the field at `place`:
 * `rules[0].words[3]` does to `rules[0].words`.
 */
export function belongsTo(path: string, place: string): boolean {
  return path === place || path.startsWith(`${place}.`) || path.startsWith(`${place}[`);
}
