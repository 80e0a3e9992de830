import { once } from 'node:events';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { type RawData, WebSocket, WebSocketServer } from 'ws';
import { createFanout } from '../../src/front/fanout.ts';
import { createOutbox } from '../../src/front/outbox.ts';
import { createGatewayMetrics } from '../../src/metrics.ts';

type Options = {
  stalledMs?: number;
  /** Serves wss. */
  tls?: { key: string; cert: string };
};

/** Outboxes of one gateway over real sockets, each with its client. */
export async function outboxes(options: Options = {}) {
  const http = options.tls === undefined ? createServer() : createTlsServer(options.tls);
  const server = new WebSocketServer({ server: http, perMessageDeflate: false, closeTimeout: 500 } as never);
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const metrics = createGatewayMetrics();
  const fanout = createFanout({ metrics });
  const { port } = http.address() as AddressInfo;

  function serve(ws: WebSocket, socket: Socket) {
    const rooms = new Map<string, unknown>();
    const closes: number[] = [];
    let writes = 0;
    const write = socket.write.bind(socket) as (...given: unknown[]) => boolean;
    socket.write = (...given: unknown[]) => {
      writes += 1;
      return write(...given);
    };
    const outbox = createOutbox({
      ws,
      socket,
      metrics,
      fanout,
      rooms,
      close(code, reason) {
        closes.push(code);
        outbox.close(code, reason);
      },
      ...(options.stalledMs === undefined ? {} : { stalledMs: options.stalledMs }),
    });
    ws.on('error', () => undefined);
    return { ws, socket, rooms, closes, outbox, writes: () => writes };
  }

  return {
    metrics,
    fanout,
    /** One connection: the server's side, and a client that keeps what it hears. */
    async pair() {
      const accepted = once(server, 'connection') as Promise<[WebSocket, { socket: Socket }]>;
      const client = new WebSocket(`${options.tls === undefined ? 'ws' : 'wss'}://127.0.0.1:${port}`, {
        rejectUnauthorized: false,
      });
      const heard: string[] = [];
      client.on('message', (data: RawData) => heard.push(String(data)));
      client.on('error', () => undefined);
      const [ws, request] = await accepted;
      const served = serve(ws, request.socket);
      await once(client, 'open');
      return { ...served, client, heard };
    },
    /** One connection whose client is bare TCP, past its handshake. */
    async bare() {
      const accepted = once(server, 'connection') as Promise<[WebSocket, { socket: Socket }]>;
      const tcp = connect(port, '127.0.0.1');
      tcp.on('error', () => undefined);
      tcp.write(
        'GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
      );
      const [ws, request] = await accepted;
      const served = serve(ws, request.socket);
      await once(tcp, 'data');
      return { ...served, tcp };
    },
    async close() {
      for (const ws of server.clients) ws.terminate();
      server.close();
      await new Promise(resolve => http.close(resolve));
    },
  };
}

/** An encoded entry of a room's log. */
export const entry = (room: string, offset: number, filler = 0) =>
  JSON.stringify({ type: 'message.created', room, offset, message: { content: 'x'.repeat(filler) } });
