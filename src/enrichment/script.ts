/** Languages that one script settles by itself: nothing else that the detector knows is written in it. */
const SETTLING: readonly (readonly [code: string, script: RegExp])[] = [
  ['ko', /\p{Script=Hangul}/gu],
  ['th', /\p{Script=Thai}/gu],
  ['el', /\p{Script=Greek}/gu],
];
const LETTER = /\p{L}/gu;
const HAN = /\p{Script=Han}/gu;
const KANA = /[\p{Script=Hiragana}\p{Script=Katakana}]/gu;

/** Greek to the end of the alphabets, and East Asia; not the punctuation between, nor emoji. */
const NON_LATIN = /[\u0370-\u1fff\u2e80-\ud7ff\uf900-\ufaff\uff66-\uff9f]/;

/**
 * The language that the script of most letters settles, or undefined: Japanese by its kana, Chinese by Han
 * without kana, Korean, Thai and Greek by their letters. Half of the letters must be of the script, so that
 * one borrowed word or a look-alike letter decides nothing.
 */
export function languageOfScript(text: string): string | undefined {
  if (!NON_LATIN.test(text)) return undefined;
  const letters = count(text, LETTER);
  const kana = count(text, KANA);
  const han = count(text, HAN);
  if ((kana + han) * 2 > letters) return kana * 10 >= kana + han ? 'ja' : 'zh';
  return SETTLING.find(([, script]) => count(text, script) * 2 > letters)?.[0];
}

function count(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}
