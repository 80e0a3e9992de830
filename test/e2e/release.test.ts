import assert from 'node:assert/strict';
import type { Message } from '../../src/message.ts';
import { openSocket, type ServerFrame, type Socket, token } from '../support/socket.ts';
import { call, type HistoryPage, startSystem } from '../support/system.ts';
import { until } from '../support/until.ts';

const WORDS = {
  starry: 'mask',
  waity: 'hold',
  ghosty: 'shadow',
  softly: 'bounce',
  hardly: 'block',
} as const;
const RULES = Object.entries(WORDS).map(([word, action]) => ({
  id: `own/${action}`,
  type: 'words',
  words: [word],
  action,
}));

/** Release policies in the running system: what author, member, late joiner and history see, from the first frame on. */
describe('release policies', () => {
  let system: Awaited<ReturnType<typeof startSystem>>;
  let ann: Socket;
  let bob: Socket;
  let rooms = 0;
  before(async function () {
    this.timeout(240_000);
    system = await startSystem();
    [ann, bob] = [await openSocket(system.urls[0]!, 'ann'), await openSocket(system.urls[0]!, 'bob')];
  });
  after(async function () {
    this.timeout(120_000);
    await Promise.all([ann?.close(), bob?.close()]);
    await system?.close();
  });

  async function put(room: string, version: number, release: object) {
    const response = await fetch(`${system.urls[0]}/v1/rooms/${room}/policy`, {
      method: 'PUT',
      headers: {
        authorization: `Bearer ${await token('mod', { roles: ['moderator'] })}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({ version, policy: { schema: 1, rules: RULES, release } }),
      signal: AbortSignal.timeout(30_000),
    });
    assert.equal(response.status, 200, await response.text());
  }

  const clientId = () => `c${Math.random().toString(36).slice(2)}`;
  /** Ann's frame, again where the judge of the gateway was late: that is answered `overloaded`, as to any client. */
  async function patiently(frame: Record<string, unknown>): Promise<ServerFrame> {
    let answer = await ann.ask(frame);
    await until('the judge answers', async () => {
      if (answer.code === 'overloaded') answer = await ann.ask(frame);
      return answer.code !== 'overloaded';
    });
    return answer;
  }
  const send = (room: string, content: string, id = clientId()) =>
    patiently({ type: 'send', room, clientId: id, content });

  /** A room with both in it that has this release, which counts by now: two seconds are promised. */
  async function roomWith(release: { mode: 'inline' | 'gated' } & Record<string, unknown>) {
    rooms += 1;
    const room = `release-${process.pid}-${rooms}`;
    for (const socket of [ann, bob]) await socket.ask({ type: 'join', room, recent: 0 });
    await put(room, 0, release);
    const counts = async () => {
      const answer = await send(room, release.mode === 'inline' ? 'hardly' : 'first');
      if (release.mode === 'inline') return answer.code === 'blocked';
      await until('bob has the frame', () => bob.liveOffsets(room).includes(answer.offset!));
      return framesOf(bob, room).some(({ type, id }) => type === 'message.hidden' && id === answer.id);
    };
    await until('the release counts', counts);
    // The worker reads policies by itself.
    const judged = async () => {
      const { id } = await send(room, 'starry');
      if (id === undefined) return false;
      await until('it has an outcome', () => live(ann, room, id).length > 1);
      return /^(updated|restored) masked/.test(live(ann, room, id).at(-1)!);
    };
    await until('texts are judged', judged);
    return room;
  }

  const framesOf = (socket: Socket, room: string) =>
    socket.frames.filter(frame => frame.room === room && frame.type.startsWith('message.'));

  /** What frames tell of a message, in order: `created status content`, `hidden`, … */
  function told(frames: ServerFrame[], id: unknown): string[] {
    return frames.flatMap(frame => {
      const type = frame.type.replace('message.', '');
      const message =
        type === 'created'
          ? (frame.message as Message)
          : (frame.messages as Message[] | undefined)?.find(one => one.id === id);
      if (message?.id === id) return [[type, message?.status, message?.content].filter(Boolean).join(' ')];
      if (type === 'removed' && (frame.ids as unknown[]).includes(id)) return [`removed ${frame.reason}`];
      return type === 'hidden' && frame.id === id ? ['hidden'] : [];
    });
  }
  const live = (socket: Socket, room: string, id: unknown) => told(framesOf(socket, room), id);

  /** What someone who comes now is told. */
  async function late(user: string, room: string, id: unknown) {
    const socket = await openSocket(system.urls[0]!, user);
    const joined = await socket.ask({ type: 'join', room });
    await socket.close();
    return told(joined.events as ServerFrame[], id);
  }

  async function history(user: string, room: string, id: unknown): Promise<string | undefined> {
    const { body } = await call(system.urls[0]!, `/v1/rooms/${room}/messages`, user);
    const found = (body as HistoryPage).messages.find(one => one.id === id);
    if (found === undefined) return undefined;
    return found.status === 'removed'
      ? `removed ${found.reason}`
      : `${found.status} ${(found as Message).content}`;
  }
  const inHistory = (user: string, room: string, id: unknown, wanted: string) =>
    until(`${user} reads ${wanted}`, async () => (await history(user, room, id)) === wanted, 60_000);

  /** One frame for every offset, for both. */
  function whole(room: string) {
    for (const socket of [ann, bob]) {
      const offsets = socket.liveOffsets(room);
      assert.deepEqual(
        offsets,
        offsets.map((_, i) => offsets[0]! + i),
      );
    }
  }

  describe('inline', () => {
    let room: string;
    before(async function () {
      this.timeout(120_000);
      room = await roomWith({ mode: 'inline' });
    });

    it('shows stars from the first frame on, to everybody', async function () {
      this.timeout(120_000);
      const { id } = await send(room, 'a starry night');
      await until(
        'both heard the outcome',
        () => [ann, bob].every(one => live(one, room, id).length === 2),
        60_000,
      );
      const seen = ['created masked a ****** night', 'updated masked a ****** night'];
      assert.deepEqual(live(bob, room, id), seen);
      assert.deepEqual(live(ann, room, id), seen);
      assert.deepEqual(await late('carol', room, id), ['created masked a ****** night']);
      await inHistory('carol', room, id, 'masked a ****** night');
      assert.ok(!bob.frames.some(frame => JSON.stringify(frame).includes('a starry')));
    });

    it('refuses what is blocked or may be rephrased, and takes nothing of it', async () => {
      const { offset: before } = await send(room, 'all is well');
      const hard = await send(room, 'hardly so');
      const soft = await send(room, 'softly so');
      assert.deepEqual([hard.code, soft.code, hard.retryable], ['blocked', 'blocked', false]);
      assert.match(String(soft.message), /rephrased/);
      assert.doesNotMatch(String(hard.message), /rephrased/);
      const body = JSON.stringify({ clientId: clientId(), content: 'hardly so' });
      let status = 0;
      await until('the judge answers', async () => {
        const path = `/v1/rooms/${room}/messages`;
        ({ status } = await call(system.urls[0]!, path, 'ann', { method: 'POST', body }));
        return status !== 503;
      });
      assert.equal(status, 422);
      await send(room, 'all is well still');
      const texts = bob.frames.filter(({ type, offset }) => type === 'message.created' && offset! >= before!);
      assert.ok(!JSON.stringify(texts).includes('ly so'));
      whole(room);
    });

    it('answers what it took before whatever the policy says by now', async function () {
      this.timeout(120_000);
      const other = await roomWith({ mode: 'inline' });
      const first = clientId();
      const taken = await send(other, 'a word like oddly', first);
      await put(other, 1, { mode: 'inline' });
      const rule = { id: 'own/odd', type: 'words', words: ['oddly'], action: 'block' };
      const response = await call(system.urls[0]!, `/v1/rooms/${other}/policy`, 'mod', {
        method: 'PUT',
        headers: { authorization: `Bearer ${await token('mod', { roles: ['moderator'] })}` },
        body: JSON.stringify({
          version: 2,
          policy: { schema: 1, rules: [rule], release: { mode: 'inline' } },
        }),
      });
      assert.equal(response.status, 200);
      await until('the rule counts', async () => (await send(other, 'oddly')).code === 'blocked');
      const again = await send(other, 'a word like oddly', first);
      assert.deepEqual([again.type, again.id, again.duplicate], ['ack', taken.id, true]);
      assert.equal((await send(other, 'oddly another', first)).code, 'id_conflict');
    });

    it('keeps what is held or shadowed to its author, from the first frame on', async function () {
      this.timeout(120_000);
      const held = await send(room, 'a waity text');
      const shadowed = await send(room, 'a ghosty text');
      const ids = [held.id, shadowed.id];
      await until(
        'both were told the outcomes',
        () => ids.every(id => live(ann, room, id).length === 2),
        60_000,
      );
      assert.deepEqual(live(ann, room, held.id), ['created held a waity text', 'updated held']);
      assert.deepEqual(live(ann, room, shadowed.id), ['created pending a ghosty text', 'updated visible']);
      await send(room, 'and on');
      for (const id of ids) {
        assert.ok(
          live(bob, room, id).every(what => what === 'hidden'),
          String(live(bob, room, id)),
        );
        assert.deepEqual(await late('carol', room, id), ['hidden']);
      }
      assert.deepEqual(await late('ann', room, held.id), ['created held a waity text']);
      assert.deepEqual(await late('ann', room, shadowed.id), ['created visible a ghosty text']);
      await inHistory('ann', room, held.id, 'held a waity text');
      await inHistory('bob', room, held.id, 'removed held');
      assert.ok(
        !JSON.stringify(bob.frames).includes('waity') && !JSON.stringify(bob.frames).includes('ghosty'),
      );
      assert.ok(!JSON.stringify(framesOf(ann, room)).includes('audience'));
      whole(room);
    });

    it('judges edits alike', async function () {
      this.timeout(120_000);
      const { id } = await send(room, 'fine');
      await inHistory('bob', room, id, 'visible fine');
      const blocked = await patiently({ type: 'edit', room, id, content: 'hardly fine' });
      assert.equal(blocked.code, 'blocked');
      assert.equal((await bob.ask({ type: 'edit', room, id, content: 'hardly fine' })).code, 'forbidden');
      await patiently({ type: 'edit', room, id, content: 'starry fine' });
      await inHistory('bob', room, id, 'masked ****** fine');
      await patiently({ type: 'edit', room, id, content: 'waity fine' });
      await inHistory('bob', room, id, 'removed held');
      await until('bob is told', () => live(bob, room, id).includes('removed held'));
      const seen = live(bob, room, id);
      assert.deepEqual(seen.slice(0, 2), ['created pending fine', 'updated visible']);
      assert.ok(seen.includes('updated masked ****** fine') && seen.includes('removed held'), String(seen));
      assert.ok(!JSON.stringify(framesOf(bob, room)).match(/starry fine|waity fine|hardly fine/));
      whole(room);
    });
  });

  describe('gated', () => {
    it('shows a message to its author alone until the pipeline allows it', async function () {
      this.timeout(120_000);
      const room = await roomWith({ mode: 'gated', deadlineMs: 60_000 });
      const [fine, starred, blocked] = [
        await send(room, 'a fine text'),
        await send(room, 'a starry text'),
        await send(room, 'a hardly text'),
      ];
      const ids = [fine.id, starred.id, blocked.id];
      await until('bob was told of all', () => ids.every(id => live(bob, room, id).length === 2), 60_000);
      assert.deepEqual(live(bob, room, fine.id), ['hidden', 'restored visible a fine text']);
      assert.deepEqual(live(ann, room, fine.id), [
        'created held a fine text',
        'restored visible a fine text',
      ]);
      assert.deepEqual(live(bob, room, starred.id), ['hidden', 'restored masked a ****** text']);
      assert.deepEqual(live(bob, room, blocked.id), ['hidden', 'removed moderated']);
      assert.deepEqual(live(ann, room, blocked.id), ['created held a hardly text', 'removed moderated']);
      await inHistory('bob', room, fine.id, 'visible a fine text');
      await inHistory('bob', room, blocked.id, 'removed moderated');
      assert.deepEqual(await late('carol', room, starred.id), ['created masked a ****** text']);
      assert.ok(!/verdict|audience|batch/.test(JSON.stringify(framesOf(bob, room))));
      whole(room);
    });

    it('takes an edited message away from the others until its new text is allowed', async function () {
      this.timeout(120_000);
      const room = await roomWith({ mode: 'gated', deadlineMs: 60_000 });
      const { id } = await send(room, 'first text');
      await inHistory('bob', room, id, 'visible first text');
      await ann.ask({ type: 'edit', room, id, content: 'second text' });
      await inHistory('bob', room, id, 'visible second text');
      await until('bob has it back', () => live(bob, room, id).length === 4, 60_000);
      assert.deepEqual(live(bob, room, id).slice(2), ['removed held', 'restored visible second text']);
      assert.deepEqual(live(ann, room, id).slice(2), [
        'updated held second text',
        'restored visible second text',
      ]);
      whole(room);
    });

    it('opens or closes at the deadline while no worker lives, and hears the pipeline later', async function () {
      this.timeout(120_000);
      // Long enough for somebody to join before it.
      const deadlineMs = 6_000;
      const open = await roomWith({ mode: 'gated', deadlineMs, afterDeadline: 'open' });
      const closed = await roomWith({ mode: 'gated', deadlineMs, afterDeadline: 'closed' });
      system.worker().kill('SIGKILL');
      await system.worker().exited;
      const sentAt = Date.now();
      const [opened, blocked] = [await send(open, 'a fine text'), await send(open, 'a hardly text')];
      const shut = await send(closed, 'a fine text');
      assert.deepEqual(await late('carol', open, opened.id), ['hidden']);
      await until(
        'the deadline passed',
        () => live(bob, open, blocked.id).length === 2 && live(ann, closed, shut.id).length === 2,
      );
      const took = Date.now() - sentAt;
      assert.ok(took >= deadlineMs - 50 && took < deadlineMs + 10_000, `${took} ms`);
      await until('all are told', () =>
        [opened.id, blocked.id].every(id => [ann, bob].every(one => live(one, open, id).length === 2)),
      );
      for (const [id, text] of [
        [opened.id, 'a fine text'],
        [blocked.id, 'a hardly text'],
      ] as const) {
        assert.deepEqual(live(bob, open, id), ['hidden', `restored pending ${text}`]);
        assert.deepEqual(live(ann, open, id), [`created held ${text}`, `restored pending ${text}`]);
      }
      assert.deepEqual(live(ann, closed, shut.id), ['created held a fine text', 'updated held']);
      assert.deepEqual(await late('carol', open, opened.id), ['created pending a fine text']);
      assert.deepEqual(await late('carol', closed, shut.id), ['hidden']);
      await system.replaceWorker();
      await inHistory('bob', open, opened.id, 'visible a fine text');
      await inHistory('bob', open, blocked.id, 'removed moderated');
      await inHistory('ann', closed, shut.id, 'held a fine text');
      await inHistory('bob', closed, shut.id, 'removed held');
      await until('bob is told', () => [opened.id, blocked.id].every(id => live(bob, open, id).length === 3));
      assert.deepEqual(live(bob, open, opened.id).slice(2), ['updated visible']);
      assert.deepEqual(live(bob, open, blocked.id).slice(2), ['removed moderated']);
      assert.deepEqual(live(bob, closed, shut.id), ['hidden', 'hidden']);
      for (const room of [open, closed]) whole(room);
    });
  });

  it('go back to live within two seconds', async function () {
    this.timeout(120_000);
    const room = await roomWith({ mode: 'inline' });
    await put(room, 1, { mode: 'live' });
    await until('it is taken', async () => (await send(room, 'hardly')).type === 'ack');
  });
});
