/** One room as the page draws it: signals that follow the client's room. */
import { batch, computed, signal } from '@preact/signals';
import { type Client, ParleyError, type Room, type RoomEvents } from '../client/index.ts';
import { identity } from './identity.ts';
import { type FailedMessage, rowsOf } from './rows.ts';
import { refusalWords } from './words.ts';

export type RoomView = ReturnType<typeof createRoomView>;

/** Frames of a busy room are drawn together, at most this often. */
const DRAW_MS = 16;
const OLDER_PAGE = 50;
/** A send goes on trying over short losses of the connection; then it is shown as not sent. */
const SEND_TIMEOUT_MS = 60_000;

export function createRoomView(client: Client, room: Room) {
  const messages = signal(room.messages());
  const pending = signal(room.pending());
  const failed = signal<FailedMessage[]>([]);
  const phase = signal(room.phase());
  const refusal = signal<string | undefined>(undefined);
  const presence = signal(room.presence());
  const hasOlder = signal(false);
  const loadingOlder = signal(false);
  const olderProblem = signal<string | undefined>(undefined);
  const isFull = signal(false);
  const unread = signal(0);
  const joinedOnce = signal(false);
  const user = signal(client.user());
  let drawing: ReturnType<typeof setTimeout> | undefined;

  function draw() {
    drawing = undefined;
    batch(() => {
      messages.value = room.messages();
      pending.value = room.pending();
      phase.value = room.phase();
      hasOlder.value = room.hasOlder();
      user.value = client.user();
      if (room.phase() === 'live') joinedOnce.value = true;
    });
  }

  function drawSoon() {
    drawing ??= setTimeout(draw, DRAW_MS);
  }

  function onPhase({ error }: RoomEvents['phase']) {
    refusal.value = error === undefined ? undefined : refusalWords(error);
  }

  const offs = [
    room.on('change', drawSoon),
    room.on('phase', onPhase),
    room.on('presence', next => {
      presence.value = next;
    }),
    room.on('message', message => {
      if (joinedOnce.value && message.user !== client.user()) unread.value += 1;
    }),
  ];
  // A refusal is told by its phase event, a lost connection by the connection's own state.
  room.join().catch(() => undefined);

  async function send(content: string, repeat: { clientId?: string; replyTo?: number } = {}) {
    const createdAtMs = Date.now();
    const clientId = repeat.clientId ?? crypto.getRandomValues(new Uint32Array(4)).join('-');
    const options = { ...repeat, clientId, timeoutMs: SEND_TIMEOUT_MS };
    try {
      await room.send(content, options);
    } catch (error) {
      const reason = refusalWords(error);
      const retryable = error instanceof ParleyError && error.retryable;
      failed.value = [...failed.value, { ...options, content, createdAtMs, reason, retryable }];
    }
  }

  function discard(message: FailedMessage) {
    failed.value = failed.value.filter(other => other !== message);
  }

  async function loadOlder() {
    if (loadingOlder.value || !hasOlder.value || isFull.value || phase.value !== 'live') return;
    loadingOlder.value = true;
    olderProblem.value = undefined;
    try {
      const more = await room.loadOlder(OLDER_PAGE);
      draw();
      isFull.value = !more && hasOlder.value;
    } catch (error) {
      olderProblem.value = refusalWords(error);
    } finally {
      loadingOlder.value = false;
    }
  }

  return {
    name: room.name,
    rows: computed(() =>
      rowsOf({
        room: room.name,
        user: user.value,
        name: identity.value?.name,
        messages: messages.value,
        pending: pending.value,
        failed: failed.value,
      }),
    ),
    find: (id: number) => messages.value.find(message => message.id === id),
    phase,
    joinedOnce,
    refusal,
    presence,
    hasOlder,
    loadingOlder,
    olderProblem,
    /** As many are loaded as the page holds: older ones stay in history. */
    isFull,
    unread,
    send,
    /** Sends a refused message once more, under its own clientId: it cannot be stored twice. */
    resend(message: FailedMessage) {
      discard(message);
      const { content, clientId, replyTo } = message;
      void send(content, { clientId, ...(replyTo === undefined ? {} : { replyTo }) });
    },
    discard,
    loadOlder,
    close() {
      clearTimeout(drawing);
      for (const off of offs) off();
      room.leave();
    },
  };
}
