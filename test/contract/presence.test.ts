import assert from 'node:assert/strict';
import { createLogger } from '../../src/logger.ts';
import { createPresence } from '../../src/rooms/presence.ts';
import { createSignals } from '../../src/rooms/signals.ts';
import { type Frame, listener, newRoom, openRoomLog } from '../support/room-log.ts';
import { until } from '../support/until.ts';

describe('presence and signals', () => {
  let opened: Awaited<ReturnType<typeof openRoomLog>>;
  const closing: { close(): Promise<void> }[] = [];
  before(async () => {
    opened = await openRoomLog();
  });
  after(async () => {
    for (const one of closing) await one.close();
    await opened.close();
  });

  /** The presence of one gateway. */
  function gateway() {
    const logger = createLogger({ level: 'silent', part: 'test' });
    const presence = createPresence({ redis: opened.redis, scripts: opened.scripts, logger, partitions: 16 });
    closing.push(presence);
    return presence;
  }
  async function watch(room: string) {
    const bob = listener('bob');
    await opened.hub.join(bob.member, { room, recent: 0 }, bob.onPage);
    return bob;
  }
  const told = (frames: Frame[]) =>
    frames
      .filter(({ type }) => type === 'presence')
      .map(({ joined, left, members }) => [joined, left, members]);

  it('tells of a user’s first connection over all gateways, and not of a second tab', async () => {
    const room = newRoom();
    const bob = await watch(room);
    const [one, two] = [gateway(), gateway()];
    assert.deepEqual(await one.enter(room, 'cleo', 'tab1'), { members: 1, users: ['cleo'] });
    assert.deepEqual(await two.enter(room, 'cleo', 'tab2'), { members: 1, users: ['cleo'] });
    assert.deepEqual(await two.enter(room, 'abel', 'tab3'), { members: 2, users: ['abel', 'cleo'] });
    await until('both', () => told(bob.frames).at(-1)?.[2] === 2);
    opened.hub.leave(bob.member, room);
    // In one frame, where the machine did all this within a moment.
    assert.deepEqual(
      told(bob.frames).flatMap(([joined]) => joined as string[]),
      ['cleo', 'abel'],
    );
    assert.ok(told(bob.frames).every(([, left]) => (left as string[]).length === 0));
  });

  it('tells once that a user has gone, after the last connection and a grace', async () => {
    const room = newRoom();
    const bob = await watch(room);
    const one = gateway();
    await one.enter(room, 'cleo', 'tab1');
    await one.enter(room, 'cleo', 'tab2');
    await until('she is here', () => told(bob.frames).length === 1);
    await one.leave(room, 'cleo', 'tab1');
    await one.leave(room, 'cleo', 'tab2');
    await until('she has gone', () => told(bob.frames).length === 2, 60_000);
    opened.hub.leave(bob.member, room);
    assert.deepEqual(told(bob.frames).at(-1), [[], ['cleo'], 0]);
  });

  it('does not flap when a connection comes back at once', async () => {
    const room = newRoom();
    const bob = await watch(room);
    const [one, two] = [gateway(), gateway()];
    await one.enter(room, 'cleo', 'before');
    await one.leave(room, 'cleo', 'before');
    await two.enter(room, 'cleo', 'after');
    // The grace of the first connection is over when this one, which began later, is.
    await one.enter(room, 'dan', 'tab');
    await one.leave(room, 'dan', 'tab');
    await until(
      'dan has gone',
      () => told(bob.frames).some(([, left]) => (left as string[]).includes('dan')),
      60_000,
    );
    opened.hub.leave(bob.member, room);
    assert.ok(told(bob.frames).every(([, left]) => !(left as string[]).includes('cleo')));
  });

  it('takes a dead gateway’s members out when their leases have ended, and tells it once', async () => {
    const room = newRoom();
    const bob = await watch(room);
    await gateway().enter(room, 'cleo', 'tab');
    await until('she is here', () => told(bob.frames).length === 1);
    const { here } = opened.log.keysOf(room);
    // What happens after 25 s without renewal.
    await opened.redis.zadd(here, Date.now() - 1, 'cleo tab');
    const [one, two] = [gateway(), gateway()];
    await Promise.all([one.enter(room, 'dan', 'a'), two.enter(room, 'eve', 'b')]);
    const named = (which: 0 | 1) => told(bob.frames).flatMap(frame => frame[which] as string[]);
    await until('all three', () => named(0).length === 3 && named(1).length > 0);
    opened.hub.leave(bob.member, room);
    const left = named(1);
    assert.equal(left.filter(user => user === 'cleo').length, 1);
    assert.deepEqual(await one.enter(room, 'dan', 'a'), { members: 2, users: ['dan', 'eve'] });
  });

  it('lets one typing of a user through in two seconds, to the others alone', async () => {
    const room = newRoom();
    const [bob, ann] = [await watch(room), listener('ann')];
    await opened.hub.join(ann.member, { room, recent: 0 }, ann.onPage);
    const signals = createSignals({ redis: opened.redis, partitions: 16 });
    // In one go: a stall between them would be two seconds.
    await Promise.all(Array.from({ length: 5 }, () => signals.typing(room, 'ann')));
    await signals.typing(room, 'cleo');
    await until('cleo types', () => bob.frames.some(({ user }) => user === 'cleo'));
    for (const { member } of [bob, ann]) opened.hub.leave(member, room);
    assert.deepEqual(
      bob.frames.map(({ type, user }) => [type, user]),
      [
        ['typing', 'ann'],
        ['typing', 'cleo'],
      ],
    );
    assert.deepEqual(
      ann.frames.map(({ user }) => user),
      ['cleo'],
    );
  });

  it('notes how far a user has read, tells everyone, and never goes back', async () => {
    const room = newRoom();
    const bob = await watch(room);
    const signals = createSignals({ redis: opened.redis, partitions: 16 });
    await signals.read(room, 'ann', 5);
    await signals.read(room, 'ann', 3);
    await signals.read(room, 'ann', 9);
    await until('both', () => bob.frames.length === 2);
    opened.hub.leave(bob.member, room);
    assert.deepEqual(
      bob.frames.map(({ type, user, through }) => [type, user, through]),
      [
        ['receipt', 'ann', 5],
        ['receipt', 'ann', 9],
      ],
    );
    assert.equal(await signals.readThrough(room, 'ann'), 9);
    assert.equal(await signals.readThrough(room, 'bob'), 0);
  });
});
