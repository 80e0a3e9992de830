/**
 * Who may open a socket here: how often an address may ask, and how many sockets an address and a user may
 * hold. All counts are of this gateway: the limits of a service are these times its gateways. A peer on loopback
 * for whom nobody forwards is this machine, or a proxy that is not believed: addresses do not count there.
 */
import type { IncomingMessage } from 'node:http';
import { type Refusal, refuse } from '../errors.ts';
import { createBuckets } from '../rooms/limiter-buckets.ts';
import { type ClientAddress, networkOf } from './client-address.ts';
import type { Load } from './limits-load.ts';

type Options = {
  connectionsPerUser: number;
  connectionsPerAddress: number;
  upgradesPerSecond: number;
  upgradeBurst: number;
};
type Deps = {
  options: Options;
  address: ClientAddress;
  load: Pick<Load, 'isOverloaded' | 'retryAfterMs'>;
};
export type UpgradeLimits = ReturnType<typeof createUpgradeLimits>;

/** Addresses whose rate is remembered; one that is forgotten begins with a full bucket. */
const MAX_ADDRESSES = 50_000;
/** Places are free when somebody goes: nobody knows when. */
const RETRY_AFTER_MS = 5_000;

export function createUpgradeLimits({ options, address, load }: Deps) {
  const rate = { perSecond: options.upgradesPerSecond, burst: options.upgradeBurst };
  const asked = createBuckets(rate, MAX_ADDRESSES);
  const users = createCounts();
  const networks = createCounts();
  const networkFor = (request: IncomingMessage) =>
    address.isLocal(request) ? undefined : networkOf(address.of(request));

  return {
    /** What can be refused before it is known who asks. Takes a token of the address. */
    refusal(request: IncomingMessage): Refusal | undefined {
      if (load.isOverloaded()) return refuse('overloaded', { retryAfterMs: load.retryAfterMs });
      const network = networkFor(request);
      if (network === undefined) return undefined;
      const waitMs = asked.take(network);
      if (waitMs > 0) {
        return refuse('rate_limited', { retryAfterMs: Math.ceil(waitMs), message: 'Too many attempts.' });
      }
      return networks.of(network) < options.connectionsPerAddress ? undefined : tooMany('address');
    },

    /** Gives the user a place until the connection under this request ends, or says why not. */
    admit(request: IncomingMessage, user: string): Refusal | undefined {
      const network = networkFor(request);
      if (users.of(user) >= options.connectionsPerUser) return tooMany('user');
      if (network !== undefined && networks.of(network) >= options.connectionsPerAddress) {
        return tooMany('address');
      }
      const { socket } = request;
      if (socket.destroyed) return undefined;
      users.add(user, 1);
      if (network !== undefined) networks.add(network, 1);
      socket.once('close', () => {
        users.add(user, -1);
        if (network !== undefined) networks.add(network, -1);
      });
      return undefined;
    },

    /** How many users and addresses hold a place. */
    held: () => ({ users: users.size(), addresses: networks.size() }),
  };
}

const tooMany = (of: 'user' | 'address') =>
  refuse('rate_limited', {
    retryAfterMs: RETRY_AFTER_MS,
    message: `Too many connections of one ${of}.`,
  });

/** Counts by key; as many keys as there are open sockets at most. */
function createCounts() {
  const counts = new Map<string, number>();
  const of = (key: string) => counts.get(key) ?? 0;
  return {
    of,
    add(key: string, change: 1 | -1) {
      const count = of(key) + change;
      if (count === 0) counts.delete(key);
      else counts.set(key, count);
    },
    size: () => counts.size,
  };
}
