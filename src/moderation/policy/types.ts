import type { Action } from '../../message.ts';

/** The built-in English lists, by how strong what they hold is; what each finds is in `lexicon.ts` and `threats.ts`. */
export const BUILTIN_LISTS = [
  'slur',
  'offensive',
  'strong',
  'sexual',
  'mild',
  'insult',
  'threat',
  'wish',
] as const;
export type BuiltinList = (typeof BUILTIN_LISTS)[number];

/** A stricter action from a higher score on; the rule's own action stands below it. */
export type Escalation = { above: number; action: Action };

/** What a rule looks at, by its type. Windows are in seconds; a count hits when it is greater than `above`. */
export type RuleKind =
  | { type: 'builtin'; list: BuiltinList }
  /** Words and phrases of one's own, disguise undone; `languages` limits them to texts in these or in none known. */
  | { type: 'words'; words: string[]; languages?: string[] }
  /** What is inside one of these words or phrases hits no list, no word and no pattern. Its action is `allow`. */
  | { type: 'except'; words: string[] }
  /** RE2 syntax, on the text as written. */
  | { type: 'pattern'; pattern: string; ignoreCase?: boolean }
  /** Links to a domain of `deny`, or to none of `allow`; without both any link; with `above` only more than so many. */
  | { type: 'links'; allow?: string[]; deny?: string[]; above?: number }
  | { type: 'mentions'; above: number }
  /** So many letters, of which this share are capitals, with so many exclamation marks. */
  | { type: 'capitals'; share: number; minLetters: number; minMarks?: number }
  /** Code points. */
  | { type: 'length'; above: number }
  /** Within one text: a word so often and so much of it, a character so often in a row, a line so often. */
  | { type: 'repetition'; words: number; share: number; run: number; lines: number }
  /** The same text by one user in one room; with `near` also where case, order, digits or disguise differ. */
  | { type: 'repeats'; above: number; windowSeconds: number; near?: boolean }
  /** Messages of one user in one room. */
  | { type: 'flood'; above: number; windowSeconds: number }
  /** Rooms in which one user wrote the same text. */
  | { type: 'rooms'; above: number; windowSeconds: number }
  /** Languages that are known with this confidence: those of `deny`, or none of `allow`. `und` never hits. */
  | { type: 'language'; allow?: string[]; deny?: string[]; confidence?: number }
  | { type: 'toxicity'; above: number; escalate?: Escalation }
  /** `links` asks for texts with a link (true) or without one (false) alone. */
  | { type: 'spam'; above: number; links?: boolean; escalate?: Escalation }
  /** The external provider's score of this category, which it names as it likes. */
  | { type: 'provider'; category: string; above: number; escalate?: Escalation };

/** A rule: a stable id, what it asks for when it hits, and what it looks at. */
export type Rule = { id: string; action: Action } & RuleKind;
export type RuleType = Rule['type'];
export type RuleOf<T extends RuleType> = Extract<Rule, { type: T }>;

/** How a room releases messages (POLICY.md): `live` where nothing is said. */
export type Release = {
  mode: 'live' | 'inline' | 'gated';
  /** How long a message may wait for its verdict (`inline`: 1 s, `gated`: 10 s), and what happens then (`closed`). */
  deadlineMs?: number;
  afterDeadline?: 'open' | 'closed';
};

/**
 * What becomes of a text that the provider gave no scores for, where rules ask for them: `open`, it is judged without
 * them; `closed`, it is held.
 */
export type ProviderChoice = { whenDown: 'open' | 'closed' };
/** The rule that verdicts name where a text is held for want of scores. */
export const UNSCORED = 'provider/unavailable';

/**
 * A policy as its owners write it. One of a room inherits the rules of the default: a rule with the id of an
 * inherited one replaces it, and `off` names those that do not count here.
 */
export type Policy = {
  schema: 1;
  rules: Rule[];
  off?: string[];
  release?: Release;
  provider?: ProviderChoice;
};
