/**
 * What is known of a language's feelings, as words apart by white space: `*` ends a stem, `_` joins the words of a
 * phrase. Accents do not count: in chat they are often left out.
 */
export type Lexicon = {
  /** Accents count: where one without them is another word that is often said. */
  keepsAccents?: true;
  best: string;
  good: string;
  bad: string;
  worst: string;
  /** What turns a word about that follows within three words; `after` where it may also stand behind it. */
  not: string;
  after?: string;
  more: string;
  less: string;
  but: string;
};

type Weights = { exact: ReadonlyMap<string, number>; stems: ReadonlyMap<string, number>; longest: number };
/** A lexicon that is ready to be asked. */
export type Reader = {
  keepsAccents: boolean;
  /** The valence of a word, -3..3, or undefined. Cost follows its length. */
  valence(word: string): number | undefined;
  /** The valence of two words that are listed together. */
  phrase(first: string, second: string): number | undefined;
  not: ReadonlySet<string>;
  after: ReadonlySet<string>;
  more: ReadonlySet<string>;
  less: ReadonlySet<string>;
  but: ReadonlySet<string>;
};

const VALENCES = { best: 3, good: 1.9, bad: -1.9, worst: -3 } as const;
const SHORTEST_STEM = 2;
/** The Arabic article and conjunction are written in one with the word. */
const ARABIC_PREFIX = /^(?:وال|بال|ال|و)(?=\p{L}{3})/u;

const ACCENTS = /[\u0300-\u036f]/g;
const ARABIC_MARKS = /[\u064b-\u0652\u0640]/g;

/** A text as lexicons are asked: small letters, without accents, look-alikes of Arabic and Turkish as one. */
export function folded(text: string, keepsAccents = false): string {
  const small = text.toLowerCase();
  return (keepsAccents ? small : small.normalize('NFD').replace(ACCENTS, ''))
    .normalize('NFC')
    .replace(ARABIC_MARKS, '')
    .replace(/ı/g, 'i')
    .replace(/ß/g, 'ss')
    .replace(/[أإآ]/g, 'ا')
    .replace(/ة/g, 'ه')
    .replace(/ى/g, 'ي');
}

export function readerOf(lexicon: Lexicon): Reader {
  const weights = weightsOf(lexicon);
  const set = (words = '') => new Set(itemsOf(words, lexicon.keepsAccents));
  return {
    keepsAccents: lexicon.keepsAccents ?? false,
    valence: word => lookUp(weights, word) ?? lookUp(weights, word.replace(ARABIC_PREFIX, '')),
    phrase: (first, second) => weights.exact.get(`${first}_${second}`),
    not: set(lexicon.not),
    after: set(lexicon.after),
    more: set(lexicon.more),
    less: set(lexicon.less),
    but: set(lexicon.but),
  };
}

function lookUp({ exact, stems, longest }: Weights, word: string): number | undefined {
  const known = exact.get(word);
  if (known !== undefined) return known;
  for (let length = Math.min(longest, word.length); length >= SHORTEST_STEM; length -= 1) {
    const valence = stems.get(word.slice(0, length));
    if (valence !== undefined) return valence;
  }
  return undefined;
}

function weightsOf(lexicon: Lexicon): Weights {
  const exact = new Map<string, number>();
  const stems = new Map<string, number>();
  for (const name of ['best', 'good', 'bad', 'worst'] as const) {
    for (const item of itemsOf(lexicon[name], lexicon.keepsAccents)) {
      if (item.endsWith('*')) stems.set(item.slice(0, -1), VALENCES[name]);
      else exact.set(item, VALENCES[name]);
    }
  }
  return { exact, stems, longest: Math.max(0, ...[...stems.keys()].map(stem => stem.length)) };
}

function itemsOf(words: string, keepsAccents = false): string[] {
  return folded(words, keepsAccents)
    .split(/\s+/)
    .filter(word => word !== '');
}
