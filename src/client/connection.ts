/**
 * The one connection of a client, and its states:
 * - *idle*: not wanted yet.
 * - *connecting*: a ticket is fetched, the socket opens, `welcome` is awaited; at most `timeoutMs` each.
 * - *open*: from `welcome` until the socket closes, or falls silent.
 * - *waiting*: the backoff runs; at `retryAtMs`, or at `retry()`, it is connecting again.
 * - *closed*: for good: `close()` was called, or the service refused this user for a reason that waiting
 *   does not cure.
 */
import { createBackoff } from './backoff.ts';
import { type Calls, createCalls } from './calls.ts';
import type { Clock } from './clock.ts';
import { reconnectAfter } from './close-codes.ts';
import { createHeartbeat, type Heartbeat } from './heartbeat.ts';
import type { Http } from './http.ts';
import { closedError, ParleyError, unreachable } from './parley-error.ts';
import { parseFrame, type ServerFrame, type Welcome } from './protocol.ts';
import { type OpenSocket, type SocketLike, socketUrl } from './socket.ts';

/** What a user can be shown of the connection. */
export type ConnectionState =
  | { state: 'idle' }
  | { state: 'connecting' }
  | { state: 'open'; user: string; connection: string }
  /** `retryAtMs` is a time of the client's clock (ms since 1970 unless the option `now` is given). */
  | { state: 'waiting'; retryAtMs: number; reason: ParleyError }
  | { state: 'closed'; reason: ParleyError };

export type Connection = Pick<Calls, 'ask'> & {
  /** Sends a frame that has no answer; false where no connection is open. */
  tell(frame: object): boolean;
  state(): ConnectionState;
  /** Starts connecting, unless that has begun. Throws the reason where it is closed. */
  connect(): void;
  /** Connects at once where it is waiting. */
  retry(): void;
  close(reason?: ParleyError): void;
};

type Deps = {
  url: string;
  http: Http;
  openSocket: OpenSocket;
  clock: Clock;
  timeoutMs: number;
  onState(state: ConnectionState): void;
  onOpen(welcome: Welcome): void;
  onFrame(frame: ServerFrame): void;
  onLost(): void;
};

/** A connection that lasted this long counts as a success: the backoff begins anew. */
const LASTED_MS = 10_000;

export function createConnection(deps: Deps): Connection {
  const { url, http, openSocket, clock, timeoutMs } = deps;
  const backoff = createBackoff({ random: clock.random });
  const calls = createCalls({ clock, send });
  let state: ConnectionState = { state: 'idle' };
  let socket: SocketLike | undefined;
  let heartbeat: Heartbeat | undefined;
  let cancelTimer = () => {};
  let freshToken = false;
  let drainMs = 0;
  let openedAt = 0;
  /** Counts attempts: what an older one still brings is dropped. */
  let attempt = 0;

  function become(next: ConnectionState) {
    state = next;
    deps.onState(next);
  }

  function send(frame: object) {
    if (socket === undefined || state.state !== 'open') throw unreachable('There is no connection.');
    socket.send(JSON.stringify(frame));
  }

  /** Drops the socket, if any, and fails what waits for it. */
  function drop(error: ParleyError) {
    attempt += 1;
    cancelTimer();
    heartbeat?.stop();
    const wasOpen = state.state === 'open';
    const old = socket;
    socket = undefined;
    old?.close(1000);
    calls.failAll(error);
    if (wasOpen) deps.onLost();
  }

  function waitFor(delayMs: number, reason: ParleyError) {
    cancelTimer = clock.setTimer(() => void start(), delayMs);
    become({ state: 'waiting', retryAtMs: clock.now() + delayMs, reason });
  }

  function lost(code: number, reason: ParleyError) {
    if (state.state === 'open' && clock.now() - openedAt >= LASTED_MS) backoff.reset();
    drop(reason);
    const after = reconnectAfter(code, drainMs);
    drainMs = 0;
    freshToken ||= after.freshToken;
    waitFor(backoff.next(after.floorMs), reason);
  }

  async function start() {
    attempt += 1;
    const mine = attempt;
    become({ state: 'connecting' });
    try {
      const ticket = await http.ticket(freshToken);
      if (mine !== attempt) return;
      freshToken = false;
      listen(openSocket(socketUrl(url, ticket)), mine);
    } catch (error) {
      if (mine !== attempt) return;
      const reason = error instanceof ParleyError ? error : unreachable(String(error));
      if (reason.retryable) waitFor(backoff.next(reason.retryAfterMs), reason);
      else close(reason);
    }
  }

  function listen(opened: SocketLike, mine: number) {
    socket = opened;
    const late = unreachable('The connection did not open in time.');
    cancelTimer = clock.setTimer(() => lost(1006, late), timeoutMs);
    opened.addEventListener('error', () => {});
    opened.addEventListener('close', ({ code }) => {
      if (mine === attempt) lost(code, unreachable(`The connection was closed (${code}).`));
    });
    opened.addEventListener('message', ({ data }) => {
      if (mine !== attempt || typeof data !== 'string') return;
      heartbeat?.heard();
      const frame = parseFrame(data);
      if (frame !== undefined) receive(frame);
    });
  }

  function receive(frame: ServerFrame) {
    if (frame.type === 'welcome') return welcome(frame);
    if (state.state !== 'open' || calls.answered(frame)) return;
    if (frame.type === 'draining') drainMs = frame.reconnectAfterMs;
    else if (frame.type === 'token.expiring') void refresh();
    else deps.onFrame(frame);
  }

  function welcome(frame: Welcome) {
    cancelTimer();
    openedAt = clock.now();
    heartbeat = createHeartbeat({
      clock,
      heartbeatMs: frame.heartbeatMs,
      ping: () => send({ type: 'ping' }),
      lost: () => lost(1006, unreachable('The connection fell silent.')),
    });
    become({ state: 'open', user: frame.user, connection: frame.connection });
    deps.onOpen(frame);
  }

  /** Where this fails the socket is closed with 4001, and the next attempt brings a new token. */
  async function refresh() {
    try {
      const token = await http.freshToken();
      if (token !== undefined) await calls.ask({ type: 'refresh', token }, timeoutMs, () => true);
    } catch (error) {
      if (!(error instanceof ParleyError)) throw error;
      freshToken = true;
    }
  }

  function close(reason = closedError()) {
    if (state.state === 'closed') return;
    drop(reason);
    become({ state: 'closed', reason });
  }

  return {
    ask: calls.ask,
    tell(frame) {
      if (state.state !== 'open') return false;
      send(frame);
      return true;
    },
    state: () => state,
    connect() {
      if (state.state === 'closed') throw state.reason;
      if (state.state === 'idle') void start();
    },
    retry() {
      if (state.state !== 'waiting') return;
      cancelTimer();
      void start();
    },
    close,
  };
}
