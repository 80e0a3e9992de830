/** Every type of rule as a function: what it finds in a reading, or undefined where it does not hit. */
import type { Action, Span } from '../../message.ts';
import { createDomainTest } from '../links.ts';
import type { Reading } from '../reading.ts';
import { isRepetition, isShouting } from '../rules/manner.ts';
import { createOwnWords } from '../rules/own-words.ts';
import { toxicityOf } from '../toxicity.ts';
import { compilePattern, matchesOf } from './pattern.ts';
import type { Escalation, Rule, RuleOf, RuleType } from './types.ts';
import { shapeOf } from './windows.ts';

/** `spans` in any order; `action` where it is not the rule's own. */
export type Found = { spans: Span[]; score?: number; action?: Action };
export type Find = (reading: Reading) => Found | undefined;

const LANGUAGE_CONFIDENCE = 0.9;
const MENTION = /(?<![\p{L}\p{N}_.@])@[\p{L}\p{N}_][\p{L}\p{N}_.-]{0,63}/gu;

type Makers = { [T in Exclude<RuleType, 'except'>]: (rule: RuleOf<T>) => Find };

const MAKERS: Makers = {
  builtin:
    ({ list }) =>
    reading =>
      atPlaces(
        reading,
        reading.listed.filter(found => found.list === list).map(({ span }) => span),
      ),

  words: ({ words, languages }) => {
    const find = createOwnWords(words);
    const spoken = languages && new Set(languages);
    return reading => {
      const { code } = reading.language;
      if (spoken !== undefined && code !== 'und' && !spoken.has(code)) return undefined;
      return atPlaces(reading, find(reading));
    };
  },

  pattern: ({ pattern, ignoreCase }) => {
    const compiled = compilePattern(pattern, ignoreCase ?? false);
    if (typeof compiled === 'string')
      throw new Error(`a policy was compiled that was not checked: ${compiled}`);
    return reading => atPlaces(reading, matchesOf(compiled, reading.content, reading.budget));
  },

  links: ({ allow, deny, above = 0 }) => {
    const allowed = createDomainTest(allow ?? []);
    const denied = createDomainTest(deny ?? []);
    return reading => {
      const spans = reading
        .links()
        .filter(({ domain }) => {
          if (denied(domain)) return true;
          return allow === undefined ? deny === undefined : !allowed(domain);
        })
        .map(({ span }) => span);
      return spans.length > above ? { spans } : undefined;
    };
  },

  mentions:
    ({ above }) =>
    ({ content }) => {
      const found = content.includes('@') ? [...content.matchAll(MENTION)] : [];
      if (found.length <= above) return undefined;
      return { spans: found.map(match => [match.index, match.index + match[0].length]), score: found.length };
    },

  capitals: rule => reading => wholeIf(isShouting(reading.content, rule), reading),
  repetition: rule => reading => wholeIf(isRepetition(reading.content, rule), reading),
  length:
    ({ above }) =>
    reading =>
      wholeIf([...reading.content].length > above, reading),

  repeats: counted,
  flood: counted,
  rooms: counted,

  language:
    ({ allow, deny, confidence = LANGUAGE_CONFIDENCE }) =>
    reading => {
      const { code, confidence: sure } = reading.language;
      if (code === 'und' || sure < confidence) return undefined;
      return wholeIf(deny?.includes(code) === true || allow?.includes(code) === false, reading);
    },

  toxicity:
    ({ above, escalate }) =>
    reading =>
      scored(reading, toxicityOf(reading), above, escalate),

  spam:
    ({ above, links, escalate }) =>
    reading =>
      links === undefined || links === reading.spam.link
        ? scored(reading, reading.spam.score, above, escalate)
        : undefined,

  provider:
    ({ category, above, escalate }) =>
    reading =>
      Object.hasOwn(reading.scores, category)
        ? scored(reading, reading.scores[category]!, above, escalate)
        : undefined,
};

/** The function for a checked rule. Throws where the rule was not checked by `parsePolicy`. */
export function createFind(rule: Exclude<Rule, { type: 'except' }>): Find {
  const make = MAKERS[rule.type] as (given: typeof rule) => Find;
  return make(rule);
}

/** A window that could not be read gave no count, and then the rule does not hit. */
function counted(rule: RuleOf<'repeats' | 'flood' | 'rooms'>): Find {
  const { above } = rule;
  const shape = shapeOf(rule);
  return reading => {
    const count = reading.counts[shape] ?? 0;
    return count > above ? { ...whole(reading), score: count } : undefined;
  };
}

function scored(reading: Reading, score: number, above: number, escalate?: Escalation): Found | undefined {
  if (score <= above) return undefined;
  const action = escalate !== undefined && score > escalate.above ? { action: escalate.action } : {};
  return { ...whole(reading), score, ...action };
}

function atPlaces({ excepted }: Reading, spans: Span[]): Found | undefined {
  const left = spans.filter(([from, to]) => !excepted.some(([start, end]) => start <= from && to <= end));
  return left.length === 0 ? undefined : { spans: left };
}

const whole = ({ content }: Reading): Found => ({ spans: [[0, content.length]] });
const wholeIf = (hit: boolean, reading: Reading) => (hit ? whole(reading) : undefined);
