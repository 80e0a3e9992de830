/** What a text shows of an advertisement: each between 0 and 1. */
export type SpamFeatures = Record<SpamFeature, number>;
export type SpamFeature =
  | 'link'
  | 'phone'
  | 'shortCode'
  | 'money'
  | 'prize'
  | 'free'
  | 'urgent'
  | 'respond'
  | 'goods'
  | 'intimate'
  | 'terms'
  | 'audience'
  | 'capitals'
  | 'digits'
  | 'lure'
  | 'talk';

const GROUPS = {
  prize: `win winner winners winning won prize prizes award awarded claim claims selected guaranteed congratulations congrats
    lottery jackpot reward rewards entitled draw chosen lucky competition`,
  free: 'free complimentary gratis',
  urgent: `urgent urgently hurry expires expire expiry final immediately instantly limited attempt attempts important
    last today now weekly deadline`,
  respond: `call text txt reply send unsubscribe stop click visit download order join collect contact landline dial enter
    register buy apply msg optout`,
  goods: `offer offers discount sale deal cash loan loans credit bonus gift voucher vouchers ringtone ringtones tone tones
    polyphonic mobile mobiles camera phone nokia video sms mms network customer service services subscription subscriber
    holiday games bitcoin crypto forex investment casino pills viagra rolex`,
  intimate: 'xxx sexy dating babes singles chatline horny nude flirt admirer sex adult girls',
  terms: 'tc tcs cs ts apply per rate rates cost costs charged std ppm 18 16 box po valid code',
  audience:
    'subscribe channel channels subscribers subs follow followers youtube facebook instagram twitch giveaway promo',
  talk: `i im ill ive my me he she we they him her his its lol ok okay yeah u ur haha dont cant was think know going
    gonna home dear love sorry later that what did but`,
};
type Group = keyof typeof GROUPS;
const NONE = Object.fromEntries(Object.keys(GROUPS).map(group => [group, 0])) as Record<Group, number>;
/** So many words of a group count as 1; more add nothing. */
const FULL = 3;
/** A link is a lure with more than this of money, free things, prizes and haste beside it. */
const LURE = 0.6;
const MANY_DIGITS = 20;

const LINK = /\bhttps?:\/\/|\bwww\.|\b[a-z0-9-]{2,63}\.(?:com|net|org|co|tv|biz|info|ly|gl|ru|xyz|me|io)\b/i;
const PHONE = /(?<!\d)\+?\d{10,13}(?!\d)|(?<!\d)0\d{2,4}[ -]\d{3,4}[ -]?\d{3,4}(?!\d)/;
const SHORT_CODE = /(?<!\d)[2-9]\d{4}(?!\d)/;
const MONEY = /[£$€]\s?\d|\d\s?(?:£|€|pounds\b|gbp\b|usd\b|dollars\b)|\d(?:p|ppm)\b/i;
const WORD = /[a-z]+|\d+/g;

/** Reads the features of the content as written. Takes time in proportion to its length. */
export function createSpamReader(): (content: string) => SpamFeatures {
  const groupOf = new Map<string, Group[]>();
  for (const group of Object.keys(GROUPS) as Group[]) {
    for (const word of GROUPS[group].split(/\s+/)) groupOf.set(word, [...(groupOf.get(word) ?? []), group]);
  }
  return content => {
    const part = countGroups(content, groupOf);
    const { letters, capitals, digits } = countCharacters(content);
    const hasDigit = digits > 0;
    const link = Number(/[./]/.test(content) && LINK.test(content));
    const money = Number(hasDigit && MONEY.test(content));
    const free = Math.min(1, part.free * FULL);
    return {
      ...part,
      free,
      link,
      money,
      lure: Number(link === 1 && money + free + part.prize + part.urgent > LURE),
      phone: Number(hasDigit && PHONE.test(content)),
      shortCode: Number(hasDigit && SHORT_CODE.test(content)),
      capitals: letters === 0 ? 0 : capitals / letters,
      digits: Math.min(1, digits / MANY_DIGITS),
    };
  };
}

function countGroups(content: string, groupOf: ReadonlyMap<string, Group[]>): Record<Group, number> {
  const part = { ...NONE };
  for (const word of content.toLowerCase().replaceAll("'", '').match(WORD) ?? []) {
    const groups = groupOf.get(word);
    if (groups === undefined) continue;
    for (const group of groups) part[group] = Math.min(1, part[group] + 1 / FULL);
  }
  return part;
}

/** Of ASCII alone. By code: every text is counted, and an array of its letters cost a tenth of judging it. */
function countCharacters(content: string) {
  const counts = { letters: 0, capitals: 0, digits: 0 };
  for (let i = 0; i < content.length; i += 1) {
    const code = content.charCodeAt(i);
    if (code >= 0x30 && code <= 0x39) counts.digits += 1;
    else if (code >= 0x41 && code <= 0x5a) counts.capitals += 1;
    else if (code >= 0x61 && code <= 0x7a) counts.letters += 1;
  }
  counts.letters += counts.capitals;
  return counts;
}
