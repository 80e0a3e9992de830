/** The client for Node, where the socket is that of `ws`: Node 20 has none of its own. */
import { WebSocket } from 'ws';
import { type Client, type ClientOptions, createClient } from './index.ts';
import type { SocketLike } from './socket.ts';

/** A server's frame is at most 256 KiB; more is not its frame. */
const MAX_PAYLOAD_BYTES = 1_048_576;
const HANDSHAKE_TIMEOUT_MS = 10_000;

/** The same as createClient, over `ws`. */
export function createNodeClient(options: ClientOptions): Client {
  return createClient({ webSocket: openSocket, ...options });
}

function openSocket(url: string): SocketLike {
  return new WebSocket(url, {
    maxPayload: MAX_PAYLOAD_BYTES,
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    perMessageDeflate: false,
  });
}
