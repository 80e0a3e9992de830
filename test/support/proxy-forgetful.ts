import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/**
 * A way to a service through a middlebox that can forget its connections, as a firewall does that restarts: what
 * either side then sends on an old connection disappears without an end or a reset, while new ones work.
 */
export async function forgetful(host: string, port: number) {
  const pairs = new Set<readonly [Socket, Socket]>();
  const forgotten = new Set<readonly [Socket, Socket]>();
  // Half open: the end of a forgotten connection is not answered either.
  const server = createServer({ allowHalfOpen: true }, near => {
    const pair = [near, connect({ port, host, allowHalfOpen: true })] as const;
    pairs.add(pair);
    near.on('end', () => forgotten.delete(pair));
    for (const [one, other] of [pair, [pair[1], pair[0]]] as const) {
      one.on('error', () => undefined);
      one.on('close', () => {
        pairs.delete(pair);
        if (!forgotten.has(pair)) other.destroy();
      });
      one.pipe(other);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** How many of the forgotten ones their client still holds. */
    forgotten: () => forgotten.size,
    /** Forgets all connections there are; answers how many. */
    forget(): number {
      for (const pair of pairs) {
        if (pair[0].readableEnded) continue;
        forgotten.add(pair);
        for (const socket of pair) socket.unpipe().resume();
      }
      return forgotten.size;
    },
    async close() {
      for (const pair of pairs) for (const socket of pair) socket.destroy();
      await new Promise(resolve => server.close(resolve));
    },
  };
}
