/** What the form asks for, by the type of a rule. Pure data; what is allowed in a field the service says. */
import type { BuiltinList, RuleType } from '../../moderation/policy/types.ts';

/** `list` has an item a line; `percent` is a share from 0 to 1; `escalate` is a share and an action. */
export type Field = {
  name: string;
  label: string;
  kind: 'list' | 'text' | 'number' | 'share' | 'flag' | 'choice' | 'escalate';
  /** What is left empty is not given. */
  optional?: true;
  choices?: readonly string[];
};

const LISTS = [
  'slur',
  'offensive',
  'strong',
  'sexual',
  'mild',
  'insult',
  'threat',
  'wish',
] as const satisfies readonly BuiltinList[];

const number = (name: string, label: string): Field => ({ name, label, kind: 'number' });
const optional = (field: Field): Field => ({ ...field, optional: true });
const list = (name: string, label: string): Field => ({ name, label, kind: 'list' });
const share = (name: string, label: string): Field => ({ name, label, kind: 'share' });
const flag = (name: string, label: string): Field => optional({ name, label, kind: 'flag' });

const WINDOW = [number('above', 'More than'), number('windowSeconds', 'Within seconds')];
const ESCALATE = optional({ name: 'escalate', label: 'Stricter above', kind: 'escalate' });

export const FIELDS: Readonly<Record<RuleType, readonly Field[]>> = {
  words: [
    list('words', 'Words or phrases, one a line'),
    optional(list('languages', 'Only in these languages, one a line')),
  ],
  except: [list('words', 'Words that never count, one a line')],
  pattern: [
    { name: 'pattern', label: 'Pattern (RE2)', kind: 'text' },
    flag('ignoreCase', 'Capitals and small letters alike'),
  ],
  links: [
    optional(list('allow', 'Domains that are fine, one a line')),
    optional(list('deny', 'Domains that are not, one a line')),
    optional(number('above', 'More links than')),
  ],
  mentions: [number('above', 'More mentions than')],
  capitals: [
    share('share', 'Share of capitals, 0 to 1'),
    number('minLetters', 'Letters at least'),
    optional(number('minMarks', 'Exclamation marks at least')),
  ],
  length: [number('above', 'More characters than')],
  repetition: [
    number('words', 'One word so often'),
    share('share', 'Its share of the text, 0 to 1'),
    number('run', 'One character in a row'),
    number('lines', 'One line so often'),
  ],
  repeats: [...WINDOW, flag('near', 'Also nearly the same text')],
  flood: WINDOW,
  rooms: WINDOW,
  language: [
    optional(list('allow', 'Languages that are fine (codes), one a line')),
    optional(list('deny', 'Languages that are not (codes), one a line')),
    optional(share('confidence', 'Sure to at least, 0 to 1')),
  ],
  toxicity: [share('above', 'Score above, 0 to 1'), ESCALATE],
  spam: [share('above', 'Score above, 0 to 1'), flag('links', 'Texts with links'), ESCALATE],
  provider: [
    { name: 'category', label: 'Category, as the provider calls it', kind: 'text' },
    share('above', 'Score above, 0 to 1'),
    ESCALATE,
  ],
  builtin: [{ name: 'list', label: 'List', kind: 'choice', choices: LISTS }],
};

export const TYPE_WORDS: Readonly<Record<RuleType, string>> = {
  words: 'Own words',
  except: 'Allowed words',
  pattern: 'Pattern',
  links: 'Links',
  mentions: 'Mentions',
  capitals: 'Capitals',
  length: 'Length',
  repetition: 'Repetition in a text',
  repeats: 'Repeated messages',
  flood: 'Flood',
  rooms: 'One text in many rooms',
  language: 'Language',
  toxicity: 'Toxicity score',
  spam: 'Spam score',
  provider: 'External provider',
  builtin: 'Built-in English list',
};
export const TYPES = Object.keys(FIELDS) as RuleType[];
