import assert from 'node:assert/strict';
import type { Submission } from '../../src/message.ts';
import { createMessageWindows, type WindowAsked } from '../../src/rooms/message-windows.ts';
import { createScripts } from '../../src/rooms/scripts.ts';
import { openRoomLog } from '../support/room-log.ts';

const START = Date.UTC(2026, 0, 1);

describe('windows of what a user wrote, in Redis', () => {
  let opened: Awaited<ReturnType<typeof openRoomLog>>;
  let windows: ReturnType<typeof createMessageWindows>;
  let users = 0;
  before(async () => {
    opened = await openRoomLog();
    windows = createMessageWindows({ scripts: createScripts(opened.redis) });
  });
  after(() => opened.close());

  const newUser = () => `window-${process.pid}-${++users}`;
  const messageOf = (user: string, id: number, seconds: number, room = 'lobby'): Submission => ({
    room,
    epoch: 'e',
    id,
    offset: id,
    revision: 1,
    user,
    clientId: `c${id}`,
    content: 'hello',
    timestamp: new Date(START + seconds * 1_000).toISOString(),
  });
  const flood: WindowAsked = { shape: 'flood', counts: 'messages', windowMs: 10_000 };
  const repeats = (fingerprint: string): WindowAsked => ({
    ...flood,
    shape: 'repeats',
    counts: 'repeats',
    fingerprint,
  });
  const inRooms: WindowAsked = { ...flood, shape: 'rooms', counts: 'rooms', fingerprint: 'f' };
  const count = async (submission: Submission, ...asked: WindowAsked[]) =>
    (await windows.count([{ submission, windows: asked }]))[0];

  it('count what is inside the window that ends with the message, in the order of a batch', async () => {
    const user = newUser();
    const batch = [0, 4, 9, 10, 15].map((seconds, i) => ({
      submission: messageOf(user, i + 1, seconds),
      windows: [flood],
    }));
    assert.deepEqual(
      (await windows.count(batch)).map(counts => counts?.flood),
      [1, 2, 3, 3, 3],
    );
    assert.deepEqual(await count(messageOf(newUser(), 1, 15), flood), { flood: 1 });
    assert.deepEqual(await count(messageOf(user, 9, 15, 'other'), flood), { flood: 1 });
  });

  it('count a message once, judged again or edited, whoever judges it', async () => {
    const user = newUser();
    const other = createMessageWindows({ scripts: createScripts(opened.redis) });
    const message = messageOf(user, 1, 0);
    await Promise.all(
      [windows, other, windows].map(one => one.count([{ submission: message, windows: [flood] }])),
    );
    const edit = { ...message, revision: 2, editedAt: new Date(START + 1_000).toISOString() };
    assert.deepEqual(await count(edit, flood), { flood: 1 });
    assert.deepEqual(await count(messageOf(user, 2, 1), flood), { flood: 2 });
  });

  it('count the same text by its fingerprint, and the rooms that it went to', async () => {
    const user = newUser();
    assert.deepEqual(await count(messageOf(user, 1, 0, 'a'), repeats('f'), inRooms), {
      repeats: 1,
      rooms: 1,
    });
    assert.deepEqual(await count(messageOf(user, 2, 1, 'a'), repeats('f'), inRooms), {
      repeats: 2,
      rooms: 1,
    });
    assert.deepEqual(await count(messageOf(user, 3, 2, 'a'), repeats('g')), { repeats: 1 });
    assert.deepEqual(await count(messageOf(user, 1, 3, 'b'), repeats('f'), inRooms), {
      repeats: 1,
      rooms: 2,
    });
    assert.deepEqual(await count(messageOf(user, 2, 12, 'c'), inRooms), { rooms: 2 });
  });

  it('keep a bounded number of entries, for as long as the window is', async () => {
    const user = newUser();
    const many = Array.from({ length: 1_200 }, (_, i) => ({
      submission: messageOf(user, i + 1, i / 1_000),
      windows: [flood],
    }));
    assert.equal((await windows.count(many)).at(-1)?.flood, 1_001);
    const keys = await opened.redis.keys(`parley:window:{${user}}:*`);
    assert.equal(keys.length, 1);
    assert.equal(await opened.redis.zcard(keys[0]!), 1_001);
    const left = await opened.redis.pttl(keys[0]!);
    assert.ok(left > 0 && left <= 10_000);
  });

  it('say that they do not know, and do not throw, where Redis cannot be asked', async () => {
    const broken = createMessageWindows({ scripts: { run: () => Promise.reject(new Error('away')) } });
    const submission = messageOf(newUser(), 1, 0);
    assert.deepEqual(
      await broken.count([
        { submission, windows: [flood] },
        { submission, windows: [] },
      ]),
      [undefined, {}],
    );
  });
});
