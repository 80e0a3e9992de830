/** A client of each contender whose line can be cut: its own library, with reconnecting as it is meant to be used. */
import { io } from 'socket.io-client';
import { WebSocket } from 'ws';
import { createNodeClient } from '../../../src/client/node.ts';
import { token } from '../../support/socket.ts';
import type { createLedger } from './ledger.ts';

export type Cuttable = {
  /** Destroys the TCP connection without a goodbye; false where there is none at the moment. */
  cut(): boolean;
  /** How often it came back with the server saying that something is missing. */
  unrecovered(): number;
  close(): void;
};
type Options = { url: string; room: string; user: string; ledger: ReturnType<typeof createLedger> };
export type Kind = 'parley' | 'socketio';

const TIMEOUT_MS = 30_000;
/** The library's own default doubles it; as quick as Parley's client, so that the servers are compared. */
const SOCKETIO_DELAY_MS = 125;
/** The text is checked as it comes; a long memory of it would only cost the machine. */
const MAX_MESSAGES = 500;

export async function openParley({ url, room: name, user, ledger }: Options): Promise<Cuttable> {
  let line: WebSocket | undefined;
  let unrecovered = 0;
  const client = createNodeClient({
    url,
    token: () => token(user),
    timeoutMs: TIMEOUT_MS,
    recent: 0,
    maxMessages: MAX_MESSAGES,
    webSocket(address) {
      line = new WebSocket(address, { perMessageDeflate: false, handshakeTimeout: TIMEOUT_MS });
      return line;
    },
  });
  client.on('state', ({ state }) => {
    if (state === 'open') ledger.up();
  });
  const room = client.room(name);
  room.on('message', ({ content }) => content !== undefined && ledger.message(content));
  room.on('reset', () => {
    unrecovered += 1;
  });
  await room.join();
  unrecovered = 0;
  return {
    cut() {
      if (line?.readyState !== WebSocket.OPEN) return false;
      line.terminate();
      return true;
    },
    unrecovered: () => unrecovered,
    close: client.close,
  };
}

export async function openSocketIo({ url, room, ledger }: Options): Promise<Cuttable> {
  let unrecovered = 0;
  const socket = io(url, {
    transports: ['websocket'],
    forceNew: true,
    timeout: TIMEOUT_MS,
    reconnectionDelay: SOCKETIO_DELAY_MS,
    randomizationFactor: 1,
  });
  socket.on('message', (text: string) => ledger.message(text));
  socket.io.on('open', () => ledger.up());
  let first = true;
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('Socket.IO: not in its room in time')), TIMEOUT_MS);
    socket.on('connect', () => {
      if (!first && socket.recovered) return;
      if (!first) unrecovered += 1;
      first = false;
      socket.emit('join', room, () => {
        clearTimeout(timer);
        resolve();
      });
    });
  });
  return {
    cut() {
      const transport = socket.io.engine?.transport as unknown as { ws?: WebSocket } | undefined;
      if (!socket.connected || transport?.ws?.readyState !== WebSocket.OPEN) return false;
      transport.ws.terminate();
      return true;
    },
    unrecovered: () => unrecovered,
    close: () => void socket.close(),
  };
}
