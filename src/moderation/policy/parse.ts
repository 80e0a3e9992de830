import { ACTIONS } from '../../message.ts';
import {
  type Check,
  type Fields,
  flag,
  isObject,
  list,
  MAX_ERRORS,
  matching,
  number,
  object,
  oneOf,
  type PolicyError,
  share,
} from './checks.ts';
import { compilePattern, MAX_PROGRAM } from './pattern.ts';
import { BUILTIN_LISTS, type Policy, type Rule, type RuleType, UNSCORED } from './types.ts';

export const MAX_RULES = 100;
/** Words of all lists of a policy together. */
export const MAX_WORDS = 5_000;
const MAX_DOMAINS = 500;
/** An hour: windows are counted in memory. */
export const MAX_WINDOW_SECONDS = 3_600;

const ID = matching(
  /^[a-z0-9][a-z0-9_./-]{0,63}$/,
  'an id of up to 64 small letters, digits and ._/- that begins with a letter or digit',
);
const WORDS = list(
  matching(/^(?=.*[\p{L}\p{N}])[^\p{C}]{1,64}$/u, 'a word or phrase of up to 64 characters'),
  {
    max: MAX_WORDS,
  },
);
const DOMAINS = list(
  matching(
    /^(?=.{1,253}$)[\p{L}\p{N}-]{1,63}(?:\.[\p{L}\p{N}-]{1,63})*$/u,
    'a domain like example.org, which covers those below it',
  ),
  { max: MAX_DOMAINS },
);
const LANGUAGES = list(matching(/^[a-z]{2,3}$/, 'a language code like en'), { max: 100 });
const count = number(0, 1_000);
const WINDOW: Fields = { above: count, windowSeconds: number(1, MAX_WINDOW_SECONDS) };
const CATEGORY = matching(
  /^[A-Za-z0-9][A-Za-z0-9_./-]{0,31}$/,
  'a category of the provider: up to 32 letters, digits and _./-',
);
const ESCALATE = object({ above: share, action: oneOf(ACTIONS) });
const PATTERN: Check = (value, path) => {
  const compiled = typeof value === 'string' ? compilePattern(value, false) : 'Give a pattern as text.';
  return typeof compiled === 'string' ? [{ path, message: compiled }] : [];
};

const FIELDS: Record<RuleType, { required: Fields; optional?: Fields }> = {
  builtin: { required: { list: oneOf(BUILTIN_LISTS) } },
  words: { required: { words: WORDS }, optional: { languages: LANGUAGES } },
  except: { required: { words: WORDS } },
  pattern: { required: { pattern: PATTERN }, optional: { ignoreCase: flag } },
  links: { required: {}, optional: { allow: DOMAINS, deny: DOMAINS, above: count } },
  mentions: { required: { above: count } },
  capitals: { required: { share, minLetters: number(1, 8_000) }, optional: { minMarks: count } },
  length: { required: { above: number(1, 4_000) } },
  repetition: {
    required: {
      words: number(2, 4_000),
      share,
      run: number(2, 4_000),
      lines: number(2, 4_000),
    },
  },
  repeats: { required: WINDOW, optional: { near: flag } },
  flood: { required: WINDOW },
  rooms: { required: WINDOW },
  language: { required: {}, optional: { allow: LANGUAGES, deny: LANGUAGES, confidence: share } },
  toxicity: { required: { above: share }, optional: { escalate: ESCALATE } },
  spam: { required: { above: share }, optional: { links: flag, escalate: ESCALATE } },
  provider: { required: { category: CATEGORY, above: share }, optional: { escalate: ESCALATE } },
};
const TYPES = Object.keys(FIELDS) as RuleType[];

const RULE: Check = (value, path) => {
  const type = isObject(value) && typeof value.type === 'string' ? value.type : undefined;
  const known = TYPES.find(name => name === type);
  if (known === undefined) {
    return isObject(value) ? oneOf(TYPES)(type, `${path}.type`) : object({})(value, path);
  }
  const { required, optional } = FIELDS[known];
  const action = oneOf(known === 'except' ? ['allow'] : ACTIONS);
  return object({ id: ID, action, type: oneOf(TYPES), ...required }, optional)(value, path);
};

const POLICY = object(
  {
    schema: (value, path) => (value === 1 ? [] : [{ path, message: 'Give 1: the only schema there is.' }]),
    rules: list(RULE, { min: 0, max: MAX_RULES }),
  },
  {
    off: list(ID, { min: 0, max: MAX_RULES }),
    release: object(
      { mode: oneOf(['live', 'inline', 'gated']) },
      { deadlineMs: number(100, 600_000), afterDeadline: oneOf(['open', 'closed']) },
    ),
    provider: object({ whenDown: oneOf(['open', 'closed']) }),
  },
);

export type Parsed = { policy: Policy } | { errors: PolicyError[] };

/**
 * A policy from JSON, or what is wrong with it: 20 errors at most, each with its path and a sentence. Within its
 * bounds (100 rules, 5,000 words, patterns of `MAX_PROGRAM` instructions in all) any policy judges any text in
 * bounded time.
 */
export function parsePolicy(json: unknown): Parsed {
  const errors = POLICY(json, '');
  if (errors.length > 0) return { errors: errors.slice(0, MAX_ERRORS) };
  const policy = json as Policy;
  const more = checkWhole(policy);
  return more.length > 0 ? { errors: more.slice(0, MAX_ERRORS) } : { policy };
}

/** What only the whole shows: ids given twice, and bounds that its rules share. Also for inherited rules. */
export function checkWhole({ rules }: Pick<Policy, 'rules'>): PolicyError[] {
  const errors: PolicyError[] = [];
  const ids = new Set<string>();
  for (const [i, { id }] of rules.entries()) {
    if (ids.has(id)) errors.push({ path: `rules[${i}].id`, message: 'This id is given twice.' });
    if (id === UNSCORED)
      errors.push({ path: `rules[${i}].id`, message: 'This id stands for texts without scores.' });
    ids.add(id);
  }
  if (rules.length > MAX_RULES) {
    errors.push({
      path: 'rules',
      message: `There may be ${MAX_RULES} rules in all, inherited ones included.`,
    });
  }
  if (
    sum(rules, rule => ('words' in rule && Array.isArray(rule.words) ? rule.words.length : 0)) > MAX_WORDS
  ) {
    errors.push({ path: 'rules', message: `The lists may hold ${MAX_WORDS} words in all.` });
  }
  if (sum(rules, sizeOf) > MAX_PROGRAM) {
    errors.push({
      path: 'rules',
      message: `The patterns are too large together: ${sum(rules, sizeOf)} instructions, where ${MAX_PROGRAM} are allowed.`,
    });
  }
  return errors;
}

function sizeOf(rule: Rule): number {
  if (rule.type !== 'pattern') return 0;
  const compiled = compilePattern(rule.pattern, rule.ignoreCase ?? false);
  return typeof compiled === 'string' ? MAX_PROGRAM + 1 : compiled.size;
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}
