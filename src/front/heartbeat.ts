import type { WebSocket } from 'ws';

/** How long a ping may stay without any sign of life. */
const GRACE_MS = 8_000;

type Options = {
  everyMs: number;
  graceMs?: number;
  /** Whether bytes before the ping are still on their way; who stops reading them is closed by the outbox. */
  isSending?(): boolean;
};

/**
 * Pings every `everyMs`, and terminates the socket when 8 s pass after a ping without a sign of life: any
 * frame, ping or pong. While reading is paused here the peer cannot be heard, and while it reads slowly it has not
 * heard the ping, so the wait begins anew.
 */
export function startHeartbeat(
  ws: WebSocket,
  { everyMs, graceMs = GRACE_MS, isSending = () => false }: Options,
) {
  let waiting: NodeJS.Timeout | undefined;
  const expire = () => {
    waiting = ws.isPaused || isSending() ? setTimeout(expire, graceMs) : undefined;
    if (waiting === undefined) ws.terminate();
  };
  const alive = () => {
    clearTimeout(waiting);
    waiting = undefined;
  };
  const ticking = setInterval(() => {
    if (ws.readyState !== ws.OPEN) return;
    ws.ping();
    waiting ??= setTimeout(expire, graceMs);
  }, everyMs);
  ws.on('pong', alive);
  ws.on('ping', alive);
  ws.on('message', alive);
  return {
    stop() {
      clearInterval(ticking);
      alive();
    },
  };
}
