import { once } from 'node:events';
import { SignJWT } from 'jose';
import WebSocket, { type ClientOptions } from 'ws';
import { until } from './until.ts';

export type ServerFrame = {
  type: string;
  ref?: string | number;
  room?: string;
  offset?: number;
  [field: string]: unknown;
};

/** The secret that test gateways are started with. */
export const SECRET = 'a secret of the tests, long enough for HS256';

/** For tests that are about something else than how fast one may send. */
export const UNHURRIED = { SEND_PER_SECOND: '100000', SEND_BURST: '100000' };

/**
 * For gateways of tests that are about something else than how soon one says that a service is away: a machine that
 * stalls for seconds is none that is down.
 */
export const PATIENT = {
  HISTORY_TIMEOUT_MS: '30000',
  DATABASE_TIMEOUT_MS: '30000',
  REDIS_TIMEOUT_MS: '30000',
};

/** A bearer token as an application would make it. */
export async function token(
  user: string,
  claims: Record<string, unknown> = {},
  expires = '1h',
): Promise<string> {
  return await new SignJWT(claims)
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(user)
    .setExpirationTime(expires)
    .sign(new TextEncoder().encode(SECRET));
}

type PromiseWithResolvers = { resolve(frame: ServerFrame): void; reject(error: Error): void };

export type Socket = Awaited<ReturnType<typeof openSocket>>;

/** A raw socket that speaks the protocol and keeps every frame it was sent. */
export async function openSocket(url: string, user: string, options: ClientOptions = {}) {
  const headers = { authorization: `Bearer ${await token(user)}`, ...options.headers };
  const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/v1/ws`, { ...options, headers });
  const frames: ServerFrame[] = [];
  const waiting = new Map<string | number, PromiseWithResolvers>();
  socket.on('message', data => {
    const frame = JSON.parse(String(data)) as ServerFrame;
    frames.push(frame);
    if (frame.ref !== undefined && !(frame.type === 'joined' && frame.more))
      waiting.get(frame.ref)?.resolve(frame);
  });
  socket.on('error', () => undefined);
  socket.on('close', () => {
    for (const { reject } of waiting.values()) reject(new Error('the socket closed before the answer'));
  });
  let refs = 0;
  await once(socket, 'open');
  await until('welcome', () => frames.length > 0);

  return {
    socket,
    frames,
    user,
    /** Sends a frame and waits for its answer. Rejects when the socket closes first. */
    async ask(frame: Record<string, unknown>): Promise<ServerFrame> {
      refs += 1;
      const ref = `r${refs}`;
      if (socket.readyState !== WebSocket.OPEN) throw new Error('the socket is closed');
      const answer = new Promise<ServerFrame>((resolve, reject) => {
        waiting.set(ref, { resolve, reject });
      });
      socket.send(JSON.stringify({ ...frame, ref }));
      return await answer.finally(() => waiting.delete(ref));
    },
    /** The offsets of a room's live frames, in the order of their arrival. */
    liveOffsets: (room: string) =>
      frames
        .filter(frame => frame.room === room && frame.type.startsWith('message.'))
        .map(frame => frame.offset!),
    async close() {
      if (socket.readyState === WebSocket.CLOSED) return;
      socket.close();
      await once(socket, 'close');
    },
  };
}
