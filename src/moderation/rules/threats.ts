import { type Listed, spanOf } from '../hit.ts';
import type { Folded } from '../normalise.ts';

/** What may stand between two words of a threat. Bounded, so that no text makes the search slow. */
const GAP = '[^a-z0-9]{1,4}';
const phrase = (text: string) => new RegExp(`(?<![a-z])(?:${text.replaceAll(' ', GAP)})(?![a-z])`, 'g');

const WILL = `i(?:${GAP})?(?:ll|will|(?:a?m${GAP})?(?:gonna|going to))`;
const HARM = '(?:kill|murder|rape|behead|stab|shoot|strangle|lynch)';
const MUCH = `(?:(?:fucking|fuckin)${GAP})?`;

/** A threat to the reader's life or body, or a call to end it, in so many words. */
const DIRECT: readonly RegExp[] = [
  phrase(`${WILL} ${MUCH}${HARM} (?:you|u|ya|your family|your kids)`),
  phrase(`(?:go|just|please) (?:and )?(?:kill yourself|kill urself|hang yourself|kys)`),
  phrase(`(?:kill yourself|kill urself|kys|neck yourself)`),
  phrase(`(?:i|we)(?: will)? (?:know where|find out where) (?:you|u) live`),
];

/** Wishes of death: noted for moderators, for they are as often a figure of speech. */
const WISH: readonly RegExp[] = [
  phrase(
    `(?:hope|wish) (?:you|u|they|he|she|your family) (?:all )?(?:die|dies|burn|rot|get killed|get raped)`,
  ),
  phrase(
    `(?:you|they|he|she) (?:all )?(?:deserve|deserves|need|needs|should) (?:to )?(?:die|be killed|be shot|be hanged)`,
  ),
  phrase(`(?:kill|gas|exterminate|lynch) (?:all|every|them all|those)`),
];

/** No phrase is without one of these, and hardly a text has one. */
const KEY =
  /kill|murder|rape|behead|stab|shoot|shot|strangle|lynch|hang|kys|neck|live|die|burn|rot|gas|exterminate/;

/** Direct threats, and wishes of death. English. */
export function findThreats(view: Folded): Listed[] {
  if (!KEY.test(view.text)) return [];
  return [
    ...DIRECT.flatMap(pattern => hits(pattern, view, 'threat')),
    ...WISH.flatMap(pattern => hits(pattern, view, 'wish')),
  ];
}

function hits(pattern: RegExp, view: Folded, list: Listed['list']): Listed[] {
  return [...view.text.matchAll(pattern)].map(match => ({
    list,
    span: spanOf(view, match.index, match.index + match[0].length),
  }));
}
