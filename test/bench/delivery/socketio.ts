import { nodeArguments } from '../../../src/stack/node-command.ts';
import { freePorts } from '../../../src/stack/ports.ts';
import { stack } from '../../support/stack.ts';
import type { Contender } from './contender.ts';
import { redisPid } from './parley.ts';
import { startServer } from './server.ts';

/** Two processes of Socket.IO with its Redis adapter. */
export const createSocketIo = (): Contender => ({
  name: 'Socket.IO',
  dialect: 'socketio',
  settings: [
    'socket.io 4.8.4, @socket.io/redis-adapter 8.3.0',
    'transports: websocket alone; no compression',
  ],
  async start() {
    const { redisUrl } = await stack();
    const ports = await freePorts(2);
    const main = new URL('./socketio-main.ts', import.meta.url);
    const servers = await Promise.all(
      ports.map(port =>
        startServer({
          program: process.execPath,
          args: nodeArguments(main, String(port), redisUrl),
          port,
          env: { NODE_ENV: 'production' },
        }),
      ),
    );
    return {
      urls: ports.map(port => `http://127.0.0.1:${port}`),
      pids: { servers: servers.map(({ pid }) => pid), redis: [await redisPid()], pipeline: [] },
      async close() {
        await Promise.all(servers.map(({ stop }) => stop()));
      },
    };
  },
});
