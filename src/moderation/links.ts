import type { Span } from '../message.ts';

export type Link = { domain: string; span: Span };

/** With a scheme, with www., or a bare name with an ending that chat is full of. All parts are bounded. */
const LINK =
  /\bhttps?:\/\/(?:[^\s/@?#]{1,64}@)?([\p{L}\p{N}.-]{1,253})[^\s]{0,2048}|(?<![\p{L}\p{N}@.-])((?:www\.[\p{L}\p{N}-]{1,63}(?:\.[\p{L}\p{N}-]{1,63}){1,4})|(?:[a-z0-9-]{1,63}\.){1,4}(?:com|net|org|io|gg|co|me|tv|biz|info|ly|gl|ru|xyz|app|dev|link|shop|site|online|top|club))(?![\p{L}\p{N}-])[^\s]{0,2048}/giu;
const MAX_LINKS = 200;

/** The links of a text in order, each with its domain in small letters; the first 200. */
export function linksOf(content: string): Link[] {
  if (!content.includes('.') && !content.includes('://')) return [];
  const links: Link[] = [];
  for (const match of content.matchAll(LINK)) {
    const domain = (match[1] ?? match[2])!.normalize('NFKC').toLowerCase().replace(/\.+$/, '');
    links.push({ domain, span: [match.index, match.index + match[0].length] });
    if (links.length === MAX_LINKS) break;
  }
  return links;
}

/** True for a domain of the list and for any below one of them. */
export function createDomainTest(domains: readonly string[]): (domain: string) => boolean {
  const known = new Set(domains.map(domain => domain.normalize('NFKC').toLowerCase()));
  return domain => {
    for (let rest = domain; ; ) {
      if (known.has(rest)) return true;
      const dot = rest.indexOf('.');
      if (dot < 0) return false;
      rest = rest.slice(dot + 1);
    }
  };
}
