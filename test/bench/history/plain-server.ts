/**
 * The least that a page over HTTP can cost: the gateway's own statement, its rows as they are, and nothing else that
 * a gateway does: no sign-in, no watermark, no view, no framework.
 */
import { createServer } from 'node:http';
import { readShownPage } from '../../../src/store/pages.ts';
import { createPool } from '../../../src/store/pool.ts';
import { BIG } from './fill.ts';

const pool = createPool({
  databaseUrl: process.env.DATABASE_URL!,
  size: 1,
  timeoutMs: 60_000,
  name: 'plain',
});

const server = createServer(async (request, response) => {
  const query = new URL(request.url!, 'http://localhost').searchParams;
  const numbers = Object.fromEntries([...query].map(([name, value]) => [name, Number(value)]));
  const { rows } = await readShownPage(pool, BIG, numbers as { limit: number });
  const text = JSON.stringify({ messages: rows });
  response.setHeader('Content-Type', 'application/json');
  response.setHeader('Content-Length', Buffer.byteLength(text));
  response.end(text);
});

server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as { port: number };
  process.send!({ address: `http://127.0.0.1:${port}` });
});
process.on('SIGTERM', () => process.exit(0));
