/** A room as its users have it: what it tells, and what it can be asked. */
import type { AmendOptions } from './amends.ts';
import type { Emitter } from './emitter.ts';
import type { Here } from './here.ts';
import type { RoomMessage } from './merge.ts';
import type { PendingMessage, SendOptions } from './outbox.ts';
import type { ParleyError } from './parley-error.ts';
import type { Ack, Gap } from './protocol.ts';
import type { RoomPhase } from './room-sync.ts';

export type RoomEvents = {
  /** Anything below, or a pending message: time to draw `messages()` and `pending()` again. */
  change: undefined;
  /** A message that was not there before, old or new: its id gives the place. */
  message: RoomMessage;
  updated: RoomMessage[];
  removed: { ids: number[]; reason: string | undefined };
  restored: RoomMessage[];
  /** Entries were lost or skipped; they are being fetched. */
  gap: Gap;
  /** What was kept is replaced by the newest page of history. */
  reset: undefined;
  /** Somebody came or went; after a join it is everybody. */
  presence: Here;
  /** Somebody else types. When they have stopped there is a `change`. */
  typing: { user: string };
  /** Somebody, perhaps this user elsewhere, has read up to the offset `through`. */
  receipt: { user: string; through: number };
  /** `error` is given where the service refused the room. */
  phase: { phase: RoomPhase; error?: ParleyError };
};

export type Room = {
  readonly name: string;
  on: Emitter<RoomEvents>['on'];
  /**
   * Joins, and stays joined over reconnects until `leave`. Resolves once the room is live; rejects where it is
   * refused, or after `timeoutMs`, in which case the client goes on trying.
   */
  join(): Promise<void>;
  /**
   * Leaves for good: own messages that are not acknowledged are rejected with `closed`, and so is every later
   * call. `client.room(name)` then makes a new one.
   */
  leave(): void;
  /** Resolves with the acknowledgement: the message is stored durably. Rejects with a ParleyError. */
  send(content: string, options?: SendOptions): Promise<Ack>;
  /**
   * Gives an own message another text, as its next revision. Resolves with the acknowledgement, `duplicate` where
   * the text was this one already. Repeated over losses only while the message stands as it did before: once
   * somebody else has changed it, and whether this edit came first is not known, it rejects with `changed`.
   */
  edit(id: number, content: string, options?: AmendOptions): Promise<Ack>;
  /**
   * Deletes a message for everyone; for its author and for moderators. Resolves with the acknowledgement,
   * `duplicate` where it was deleted already. Repeated over losses, like a send.
   */
  remove(id: number, options?: AmendOptions): Promise<Ack>;
  /** Says that this user is typing: call it at every keystroke, one word in 2 s leaves, the last one too. May be lost. */
  typing(): void;
  /** Others who are typing: until 4 s after their last word, or their message. 50 at most. */
  typists(): string[];
  /** Notes that the user has read up to an offset (or message id), by default to the end. It never goes back. */
  read(through?: number): void;
  /** How far this user has read, here or elsewhere; 0 where nothing is known. */
  readThrough(): number;
  /** How many messages of others after `readThrough` are loaded. */
  unread(): number;
  /** Others and how far they have read, as heard since the first join. */
  readers(): ReadonlyMap<string, number>;
  /** Loads older messages (100 at most); resolves with whether there are more. */
  loadOlder(limit?: number): Promise<boolean>;
  /** All that is loaded, oldest first; removed ones without content. The same array until something changes. */
  messages(): readonly RoomMessage[];
  /** Own messages that are not acknowledged yet, oldest first. */
  pending(): PendingMessage[];
  hasOlder(): boolean;
  phase(): RoomPhase;
  presence(): Here;
};
