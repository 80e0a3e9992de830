/** What the panel says of versions and rules. */
import type { PolicyVersion } from '../../client/index.ts';
import type { Rule } from '../../moderation/policy/types.ts';
import { dayWords, timeWords } from '../words.ts';
import { FIELDS, TYPE_WORDS } from './fields.ts';

/** Items of a list that are shown; the rest is a number. */
const MAX_ITEMS = 30;

export function noneWords(isDefault: boolean): string {
  return isDefault
    ? 'Nobody has set it: the built-in rules count.'
    : 'This room has no policy of its own yet.';
}

export function versionWords({ version, author, createdAt }: PolicyVersion): string {
  const at = createdAt === undefined ? undefined : new Date(createdAt);
  const when = at === undefined ? '' : `, ${dayWords(at)} ${timeWords(at)}`;
  return `Version ${version} by ${author ?? 'somebody'}${when}`;
}

/** A rule in a few words: its kind, what happens, and each field that is given. */
export function ruleWords(rule: Rule): { title: string; fields: { label: string; words: string }[] } {
  const given = rule as unknown as Readonly<Record<string, unknown>>;
  const fields = FIELDS[rule.type].flatMap(({ name, label }) =>
    given[name] === undefined ? [] : [{ label, words: wordsOf(given[name]) }],
  );
  return { title: `${TYPE_WORDS[rule.type]}: ${rule.action}`, fields };
}

function wordsOf(value: unknown): string {
  if (Array.isArray(value)) {
    const more = value.length - MAX_ITEMS;
    return value.slice(0, MAX_ITEMS).join(', ') + (more > 0 ? ` and ${more.toLocaleString()} more` : '');
  }
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value !== 'object' || value === null) return String(value);
  const { above, action } = value as { above: number; action: string };
  return `${above}: ${action}`;
}
