/**
 * Where a request comes from, and whether over https, as far as TRUST_PROXY lets forwarded headers be believed.
 * The rule is Express' own, for calls and for upgrades, which never pass through Express.
 */
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import express from 'express';

/** An address as Express' trust function sees it, and how many hops away it is. */
type Trust = (address: string, hop: number) => boolean;
export type ClientAddress = ReturnType<typeof createClientAddress>;

const LOOPBACK = /^(127\.|::1$)/;

/** `trust` as in the configuration: undefined believes nobody. */
export function createClientAddress(trust: number | string[] | undefined) {
  const trusts: Trust = express()
    .set('trust proxy', trust ?? false)
    .get('trust proxy fn') as Trust;

  const isTrustedPeer = (request: IncomingMessage) => trusts(peerOf(request), 0);

  /**
   * The client's address: the peer's, or going backwards through X-Forwarded-For the first that is not a trusted
   * proxy's. What is no address ends the walk at the proxy that passed it on.
   */
  function addressOf(request: IncomingMessage): string {
    let address = peerOf(request);
    for (const [hop, next] of forwardedFor(request).entries()) {
      if (!trusts(address, hop) || isIP(next) === 0) break;
      address = next;
    }
    return address;
  }

  return {
    of: addressOf,

    /** True on loopback with nothing forwarded: this machine, or a proxy on it that is not believed. */
    isLocal: (request: IncomingMessage): boolean => LOOPBACK.test(addressOf(request)),

    /** The scheme that the client spoke: X-Forwarded-Proto where the peer is trusted. */
    schemeOf(request: IncomingMessage): 'http' | 'https' {
      const forwarded = String(request.headers['x-forwarded-proto'] ?? '')
        .split(',', 1)[0]!
        .trim();
      if (isTrustedPeer(request) && forwarded !== '') return forwarded === 'https' ? 'https' : 'http';
      return 'encrypted' in request.socket ? 'https' : 'http';
    },
  };
}
/** What limits count as one address: an IPv6 client has its whole /64. */
export function networkOf(address: string): string {
  if (isIP(address) !== 6) return address;
  const [head = '', tail] = address.split('%', 1)[0]!.split('::');
  const groups = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? 0 : tail.split(':').length + (tail.includes('.') ? 1 : 0);
  if (tail !== undefined) {
    const rest = tail === '' ? [] : tail.split(':');
    groups.push(...Array.from({ length: Math.max(0, 8 - groups.length - after) }, () => '0'), ...rest);
  }
  const prefix = groups.slice(0, 4).map(group => Number.parseInt(group, 16).toString(16));
  return `${prefix.join(':')}::/64`;
}

/** The address of the connection itself; an IPv4 one as such, where the socket speaks both. */
function peerOf(request: IncomingMessage): string {
  const address = request.socket.remoteAddress ?? '';
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice('::ffff:'.length) : address;
}

/** The forwarded addresses, nearest first; a port behind one is dropped. */
function forwardedFor(request: IncomingMessage): string[] {
  const header = request.headers['x-forwarded-for'];
  if (header === undefined) return [];
  return String(header)
    .split(',')
    .map(part => part.trim().replace(/^\[(.*)\](:\d+)?$/, '$1'))
    .map(part => (isIP(part) === 0 ? part.replace(/^([\d.]+):\d+$/, '$1') : part))
    .reverse();
}
