import { once } from 'node:events';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import WebSocket, { type ClientOptions } from 'ws';
import { readConfig } from '../../src/config.ts';
import { createGateway } from '../../src/context/gateway.ts';
import { noted } from '../../src/noted.ts';
import { cuttable } from './cuttable.ts';
import { PATIENT, SECRET, type ServerFrame, token, UNHURRIED } from './socket.ts';
import { freeDatabase, stack } from './stack.ts';

export type ErrorBody = { error: { code: string; requestId: string; [field: string]: unknown } };

/** A real gateway in this process, on the run's services and an empty database, which both can be cut off. */
export async function startGateway(env: Record<string, string> = {}) {
  const { redisUrl } = await stack();
  const redis = await cuttable(redisUrl);
  const postgres = await cuttable(await freeDatabase());
  const lines: string[] = [];
  const sink = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  const config = readConfig({
    PORT: '0',
    ADMIN_PORT: '0',
    AUTH_SECRET: SECRET,
    REDIS_URL: redis.url,
    DATABASE_URL: postgres.url,
    ...UNHURRIED,
    ...PATIENT,
    ...env,
  });
  const gateway = await createGateway(config, {
    logger: pino({ level: 'trace', serializers: { error: noted } }, sink),
  });
  return {
    ...gateway,
    redis,
    postgres,
    /** Everything that was logged, a line each. */
    lines,
    async close() {
      await gateway.close();
      await redis.close();
      await postgres.close();
    },
  };
}

type Call = { as?: string; method?: string; headers?: Record<string, string>; body?: unknown };

/** One HTTP call; `as` signs in by bearer, a body that is no string is sent as JSON. */
export async function http(url: string, path: string, { as, method = 'GET', headers = {}, body }: Call = {}) {
  const bearer = as === undefined ? {} : { authorization: `Bearer ${await token(as)}` };
  const json = body === undefined ? {} : { 'content-type': 'application/json' };
  const response = await fetch(`${url}${path}`, {
    method,
    headers: { ...bearer, ...json, ...headers },
    signal: AbortSignal.timeout(30_000),
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: (text === '' ? undefined : JSON.parse(text)) as unknown,
  };
}

export type Upgrade =
  | { status: 101; socket: WebSocket; frames: ServerFrame[] }
  | { status: number; headers: NodeJS.Dict<string | string[]>; body: ErrorBody };

/** Asks for a socket, and tells how that was answered. */
export async function upgrade(
  url: string,
  path = '/v1/ws',
  headers: Record<string, string> = {},
  options: ClientOptions = {},
): Promise<Upgrade> {
  const socket = new WebSocket(`${url.replace(/^http/, 'ws')}${path}`, { ...options, headers });
  const frames: ServerFrame[] = [];
  socket.on('message', data => frames.push(JSON.parse(String(data)) as ServerFrame));
  return await new Promise((resolve, reject) => {
    socket.once('open', () => resolve({ status: 101, socket, frames }));
    socket.once('error', reject);
    socket.once('unexpected-response', (_request, response) => {
      let text = '';
      response.on('data', chunk => {
        text += String(chunk);
      });
      response.on('end', () => {
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: JSON.parse(text) as ErrorBody,
        });
      });
    });
  });
}

/** The answer's code, `101` where it was none but a socket, which is closed. */
export async function codeOf(answer: Promise<Upgrade>): Promise<string> {
  const upgraded = await answer;
  if ('body' in upgraded) return upgraded.body.error.code;
  upgraded.socket.close();
  await once(upgraded.socket, 'close');
  return '101';
}

/** The code and reason that a socket is closed with. */
export async function closing(socket: WebSocket): Promise<[code: number, reason: string]> {
  const [code, reason] = (await once(socket, 'close')) as [number, Buffer];
  return [code, String(reason)];
}
