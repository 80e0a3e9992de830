/**
 * Characters that stand in for Latin letters by their looks, beyond those that compatibility decomposition (NFKD)
 * resolves. Only single letters of everyday use in disguises; each row names the letter and what looks like it.
 */
const LOOKALIKES: Record<string, string> = {
  a: 'аαɑᴀⱥɐ∂△🅰🅐',
  b: 'ьввЬƀɓʙβßᏏᖯъ🅱🅑',
  c: 'сϲᴄƈⲥ¢©🅲🅒',
  d: 'ԁɗđᴅδðძⅾ🅳🅓',
  e: 'еєεэɛɇᴇə℮€ҽ🅴🅔',
  f: 'ƒғꜰϝք🅵🅕',
  g: 'ɡɠգǥɢց🅶🅖',
  h: 'һħнћɦʜℏհ🅷🅗',
  i: 'іιїɩɪıɨⅰ¡🅸🅘',
  j: 'јʝɉᴊϳ🅹🅙',
  k: 'кκƙᴋҝқ🅺🅚',
  l: 'ℓłɭʟⅼǀ£ӏ🅻🅛',
  m: 'мɱᴍ₥🅼🅜',
  n: 'пηиɲŋɴռոⲛ🅽🅝',
  o: 'оοøσɵᴏөօ๐○●◯⊙🅾🅞',
  p: 'рρϱƿᴘþ🅿🅟',
  q: 'ԛգɋ🆀🅠',
  r: 'гɼʀяɍɾ®🆁🅡',
  s: 'ѕςʂꜱ§ꮪ🆂🅢',
  t: 'тτŧƭᴛ†🆃🅣',
  u: 'υʋцսᴜμʉ🆄🅤',
  v: 'ѵνᴠ∨🆅🅥',
  w: 'ԝωшɯᴡѡщ🆆🅦',
  x: 'хχ×✕ⅹ🆇🅧',
  y: 'уγʏүұɣ¥🆈🅨',
  z: 'ᴢʐƶζ🆉🅩',
};

/** Signs and digits that replace a letter inside a word. `1`, `!` and `|` may also mean an l. */
export const LEET: ReadonlyMap<string, string> = new Map(
  Object.entries({
    '0': 'o',
    '1': 'i',
    '3': 'e',
    '4': 'a',
    '5': 's',
    '6': 'g',
    '7': 't',
    '8': 'b',
    '9': 'g',
    '@': 'a',
    $: 's',
    '!': 'i',
    '|': 'i',
    '+': 't',
  }),
);

/** The Latin letter that each look-alike, as a single lower-case code point, stands for. */
export function lookalikes(): Map<string, string> {
  const map = new Map<string, string>();
  for (const [letter, others] of Object.entries(LOOKALIKES)) {
    for (const other of others) if (!map.has(other)) map.set(other, letter);
  }
  return map;
}
