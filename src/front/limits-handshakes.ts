import type { Server } from 'node:http';
import type { Socket } from 'node:net';

type Options = { max: number; onDropped(): void };

/**
 * Bounds the connections that have sent no whole request yet, TLS handshake included. At the bound the oldest
 * one is cut for the newest: an honest client needs its place for a moment only.
 */
export function watchHandshakes(server: Server, { max, onDropped }: Options) {
  /** By the peer's address and port: under TLS the request's socket is another object than the accepted one. */
  const waiting = new Map<string, Socket>();
  const arrived = ({ socket }: { socket: Socket }) => waiting.delete(keyOf(socket));

  server.on('connection', (socket: Socket) => {
    const key = keyOf(socket);
    waiting.set(key, socket);
    socket.once('close', () => {
      if (waiting.get(key) === socket) waiting.delete(key);
    });
    if (waiting.size <= max) return;
    const [oldest, cut] = waiting.entries().next().value!;
    waiting.delete(oldest);
    cut.destroy();
    onDropped();
  });
  server.prependListener('request', arrived);
  server.prependListener('upgrade', arrived);
  return { waiting: () => waiting.size };
}

const keyOf = ({ remoteAddress, remotePort }: Socket) => `${remoteAddress} ${remotePort}`;
