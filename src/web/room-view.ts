/** One room as the page draws it: signals that follow the client's room. */
import { batch, computed, signal } from '@preact/signals';
import { type Client, ParleyError, type Room, type RoomEvents, type RoomMessage } from '../client/index.ts';
import { createDigestView } from './digest/digest-view.ts';
import { identity } from './identity.ts';
import { createRoomModerationView } from './moderation/views.ts';
import { type FailedMessage, lastEditable, rowsOf } from './rows.ts';
import { refusalWords, seenWords } from './words.ts';

export type RoomView = ReturnType<typeof createRoomView>;

/** Frames of a busy room are drawn together, at most this often. */
const DRAW_MS = 16;
const OLDER_PAGE = 50;
/** A send goes on trying over short losses of the connection; then it is shown as not sent. */
const SEND_TIMEOUT_MS = 60_000;
/** How long the page says that a gap was healed. */
const HEALED_MS = 4_000;

/** What the reader is told about the room; `again` tries once more what failed. */
export type Notice = { words: string; again?: () => void };

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
  const typists = signal<string[]>([]);
  const readers = signal<ReadonlyMap<string, number>>(new Map());
  const marker = signal<{ through: number; count: number } | undefined>(undefined);
  const changing = signal<ReadonlySet<number>>(new Set());
  const notice = signal<Notice | undefined>(undefined);
  const gap = signal<'healing' | 'healed' | undefined>(undefined);
  let healed: ReturnType<typeof setTimeout> | undefined;
  let drawing: ReturnType<typeof setTimeout> | undefined;

  function draw() {
    drawing = undefined;
    batch(() => {
      messages.value = room.messages();
      pending.value = room.pending();
      phase.value = room.phase();
      hasOlder.value = room.hasOlder();
      user.value = client.user();
      unread.value = room.unread();
      if (!sameList(typists.value, room.typists())) typists.value = room.typists();
      if (room.phase() === 'live' && !joinedOnce.value) {
        joinedOnce.value = true;
        mark();
      }
    });
  }

  function drawSoon() {
    drawing ??= setTimeout(draw, DRAW_MS);
  }

  function onPhase({ phase: next, error }: RoomEvents['phase']) {
    refusal.value = error === undefined ? undefined : refusalWords(error);
    if (next !== 'live' || gap.value !== 'healing') return;
    gap.value = 'healed';
    healed = setTimeout(() => {
      gap.value = undefined;
    }, HEALED_MS);
  }

  /** Draws the line above what is new, for one who comes (back) to the room. Nobody needs it on a first visit. */
  function mark() {
    const [through, count] = [room.readThrough(), room.unread()];
    marker.value = through === 0 || count === 0 ? undefined : { through, count };
  }

  /** The name that somebody last spoke under, else the user id. */
  function nameOf(id: string): string {
    return (
      room.messages().findLast(({ user: author, name }) => author === id && name !== undefined)?.name ?? id
    );
  }

  /** The newest own message that stands, and who is known to have read it. */
  const seen = computed(() => {
    const isOwn = ({ user: author, status }: RoomMessage) => author === user.value && status !== 'removed';
    const own = messages.value.findLast(isOwn);
    if (own === undefined) return undefined;
    const names = [...readers.value].filter(([, through]) => through >= own.id).map(([id]) => nameOf(id));
    names.sort((one, other) => one.localeCompare(other));
    if (names.length === 0) return undefined;
    return { id: own.id, words: seenWords(names), title: names.join(', ') };
  });

  const offs = [
    room.on('change', drawSoon),
    room.on('phase', onPhase),
    room.on('presence', next => {
      presence.value = next;
    }),
    room.on('receipt', () => {
      readers.value = new Map(room.readers());
    }),
    room.on('gap', () => {
      clearTimeout(healed);
      gap.value = 'healing';
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
      const reason = refusalWords(error, 'message');
      const retryable = error instanceof ParleyError && error.retryable;
      failed.value = [...failed.value, { ...options, content, createdAtMs, reason, retryable }];
    }
  }

  /** Changes a message; what fails is told with a way to try again. */
  async function change(id: number, what: string, run: () => Promise<unknown>) {
    notice.value = undefined;
    changing.value = new Set([...changing.value, id]);
    try {
      await run();
    } catch (error) {
      const again = () => void change(id, what, run);
      const retryable = error instanceof ParleyError && error.retryable;
      const words = `${what} ${refusalWords(error, 'message')}`;
      notice.value = retryable ? { words, again } : { words };
    } finally {
      changing.value = new Set([...changing.value].filter(other => other !== id));
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
    /** For moderators. */
    moderation: createRoomModerationView(client.moderation, room.name),
    digest: createDigestView(client, room.name),
    rows: computed(() =>
      rowsOf({
        room: room.name,
        user: user.value,
        name: identity.value?.name,
        messages: messages.value,
        pending: pending.value,
        failed: failed.value,
        newAfter: marker.value?.through,
        changing: changing.value,
        seen: seen.value,
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
    /** Messages of others that were not read, of those that are loaded. */
    unread,
    typists,
    /** Where what was new begins: after this id. */
    marker,
    notice,
    /** Entries were lost on the way, and are being fetched; for a moment, that they were. */
    gap,
    nameOf,
    mark,
    read: () => room.read(),
    typing: room.typing,
    lastEditable: () => lastEditable(messages.value, user.value),
    edit: (id: number, content: string) =>
      change(id, 'Your edit was not saved.', () => room.edit(id, content)),
    remove: (id: number) => change(id, 'The message was not deleted.', () => room.remove(id)),
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
      clearTimeout(healed);
      for (const off of offs) off();
      room.leave();
    },
  };
}

function sameList(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((item, i) => item === other[i]);
}
