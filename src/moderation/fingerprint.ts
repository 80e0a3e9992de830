import { createHash } from 'node:crypto';
import { createNormaliser } from './normalise.ts';
import { tokensOf } from './phrases.ts';

export type Fingerprints = { exact: string; near: string };

/** Bytes of a digest that are kept: two texts of one user meet by chance in no lifetime. */
const LENGTH = 16;

/**
 * What texts are compared by. `exact`: but for white space around and between words. `near`: the set of the words,
 * disguise undone, without digits, small and without repeated letters; a text without any word is its own.
 */
export function createFingerprints(): (content: string) => Fingerprints {
  const { fold } = createNormaliser();
  return content => {
    const exact = content.trim().replace(/\s+/g, ' ');
    const latin = fold(content).text.match(/[a-z]+/g) ?? [];
    const words = latin.length > 0 ? latin : tokensOf(content).map(({ text }) => text.replace(/\p{N}/gu, ''));
    const bare = words.map(word => word.replace(/(.)\1+/gu, '$1')).filter(word => word !== '');
    const near = [...new Set(bare)].sort().join(' ');
    return { exact: digest(exact), near: digest(near === '' ? exact : near) };
  };
}

const digest = (text: string) => createHash('sha256').update(text).digest('base64url').slice(0, LENGTH);
