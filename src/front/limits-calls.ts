import type { IncomingMessage } from 'node:http';
import { type Refusal, refuse } from '../errors.ts';
import { createBuckets, type Rate } from '../rooms/limiter-buckets.ts';
import { type ClientAddress, networkOf } from './client-address.ts';

/** Addresses whose rate is remembered; one that is forgotten begins with a full bucket. */
const MAX_ADDRESSES = 50_000;

/**
 * How often an address may call, sign-ins among the calls; this gateway's own count. As with sockets, addresses do
 * not count for a peer on loopback for whom nobody forwards.
 */
export function createCallLimits({ rate, address }: { rate: Rate; address: ClientAddress }) {
  const buckets = createBuckets(rate, MAX_ADDRESSES);
  return (request: IncomingMessage): Refusal | undefined => {
    if (address.isLocal(request)) return undefined;
    const waitMs = buckets.take(networkOf(address.of(request)));
    return waitMs === 0 ? undefined : refuse('rate_limited', { retryAfterMs: Math.ceil(waitMs) });
  };
}
