import assert from 'node:assert/strict';
import { toldOf, wordsOf } from '../support/actions/seen.ts';
import { http } from '../support/gateway.ts';
import { openSocket, type ServerFrame, type Socket, token } from '../support/socket.ts';
import { type HistoryPage, startSystem } from '../support/system.ts';
import { until } from '../support/until.ts';

const WORKER = new URL('../support/actions/worker.ts', import.meta.url);
const VIEWERS = ['author', 'moderator', 'member'] as const;
type Viewer = (typeof VIEWERS)[number];
/** live, comes back by `since`, joins anew, history. */
type Cells = [live: string, since: string, anew: string, history: string];

const same = (live: string, later: string): Cells => [live, later, later, later];
/** What everyone gets first. */
const first = (text: string) => `pending '${text}'`;

/** Action by action, viewer by viewer. */
const EXPECTED: Record<string, Record<Viewer, Cells>> = {
  allow: everyone('allow a word', "visible 'allow a word'"),
  flag: {
    ...everyone('flag a word', "visible 'flag a word'"),
    moderator: [
      `${first('flag a word')} → visible [flag]`,
      "visible 'flag a word' [flag]",
      "visible 'flag a word' [flag]",
      "visible 'flag a word' [flag]",
    ],
  },
  mask: {
    author: same(`${first('mask a word')} → masked 'mask a ****'`, "masked 'mask a ****'"),
    moderator: same(
      `${first('mask a word')} → masked 'mask a ****' [mask, was 'mask a word']`,
      "masked 'mask a ****' [mask, was 'mask a word']",
    ),
    member: same(`${first('mask a word')} → masked 'mask a ****'`, "masked 'mask a ****'"),
  },
  hold: {
    author: same(`${first('hold a word')} → held`, "held 'hold a word'"),
    moderator: same(`${first('hold a word')} → held 'hold a word' [hold]`, "held 'hold a word' [hold]"),
    member: [`${first('hold a word')} → removed held`, 'hidden', 'hidden', 'removed held'],
  },
  shadow: {
    author: same(`${first('shadow a word')} → visible`, "visible 'shadow a word'"),
    moderator: same(
      `${first('shadow a word')} → visible 'shadow a word' [shadow]`,
      "visible 'shadow a word' [shadow]",
    ),
    member: [`${first('shadow a word')} → removed moderated`, 'hidden', 'hidden', 'removed moderated'],
  },
  bounce: {
    author: same(`${first('bounce a word')} → removed moderated rephrase`, 'removed moderated rephrase'),
    moderator: same(
      `${first('bounce a word')} → removed moderated [bounce, was 'bounce a word']`,
      "removed moderated [bounce, was 'bounce a word']",
    ),
    member: same(`${first('bounce a word')} → removed moderated`, 'removed moderated'),
  },
  block: {
    author: same(`${first('block a word')} → removed moderated`, 'removed moderated'),
    moderator: same(
      `${first('block a word')} → removed moderated [block, was 'block a word']`,
      "removed moderated [block, was 'block a word']",
    ),
    member: same(`${first('block a word')} → removed moderated`, 'removed moderated'),
  },
};

function everyone(text: string, later: string): Record<Viewer, Cells> {
  const cells = same(`${first(text)} → visible`, later);
  return { author: cells, moderator: cells, member: cells };
}

/** What is seen after a moderator released what the action had done, live and later. */
const RELEASED: Record<string, string> = {
  mask: 'mask a word',
  hold: 'hold a word',
  shadow: 'shadow a word',
  bounce: 'bounce a word',
  block: 'block a word',
};

/** Real sockets on two gateways, and a worker whose verdict is the message's first word. */
describe('actions, as each viewer sees them', () => {
  let system: Awaited<ReturnType<typeof startSystem>>;
  const room = `actions-${process.pid}`;
  const sockets = {} as Record<Viewer, Socket>;
  const sent = {} as Record<string, ServerFrame>;

  before(async function () {
    this.timeout(240_000);
    system = await startSystem({ gateways: 2, worker: WORKER });
    for (const [i, viewer] of VIEWERS.entries()) {
      sockets[viewer] = await openSocket(system.urls[i % 2]!, viewer, { headers: await bearer(viewer) });
      await sockets[viewer].ask({ type: 'join', room, recent: 0 });
    }
  });
  after(async function () {
    this.timeout(120_000);
    for (const socket of Object.values(sockets)) await socket.close();
    await system?.close();
  });

  const bearer = async (viewer: Viewer) => {
    const roles = viewer === 'moderator' ? ['moderator'] : [];
    return { authorization: `Bearer ${await token(viewer, { roles })}` };
  };
  const call = async (viewer: Viewer, path: string, method = 'GET', body?: unknown) =>
    await http(system.urls[0]!, path, {
      method,
      headers: await bearer(viewer),
      ...(body === undefined ? {} : { body }),
    });
  const told = (viewer: Viewer, id: number) => toldOf(sockets[viewer].frames, id);
  const caughtUp = () =>
    until(
      'the store reflects the log',
      async () => {
        const { body } = await call('member', `/v1/rooms/${room}/messages`);
        const seen = Math.max(...sockets.member.liveOffsets(room));
        return (body as HistoryPage).processedThrough === seen;
      },
      60_000,
    );

  /** What the viewer sees of a message who joins now, with or without having been here before it. */
  async function joining(viewer: Viewer, id: number, since?: object) {
    const socket = await openSocket(system.urls[1]!, viewer, { headers: await bearer(viewer) });
    const joined = await socket.ask({ type: 'join', room, ...(since ? { since } : {}) });
    await socket.close();
    return toldOf(joined.events as ServerFrame[], id);
  }
  async function inHistory(viewer: Viewer, id: number) {
    const { body } = await call(viewer, `/v1/rooms/${room}/messages`);
    const one = await call(viewer, `/v1/rooms/${room}/messages/${id}`);
    const found = (body as HistoryPage).messages.find(message => message.id === id)!;
    assert.equal(wordsOf(one.body as never), wordsOf(found), 'one message and the page say the same');
    return wordsOf(found);
  }

  it('with a table: live, by since, anew, in history', async function () {
    this.timeout(120_000);
    const { epoch } = await sockets.member.ask({ type: 'join', room, recent: 0 });
    for (const action of Object.keys(EXPECTED)) {
      const ack = await sockets.author.ask({
        type: 'send',
        room,
        clientId: action,
        content: `${action} a word`,
      });
      assert.equal(ack.type, 'ack');
      sent[action] = ack;
      const { id } = ack as unknown as { id: number };
      await until(
        'all three are told',
        () => VIEWERS.every(viewer => told(viewer, id).includes('→')),
        60_000,
      );
    }
    await caughtUp();
    const rows: string[][] = [];
    const found: typeof EXPECTED = {};
    for (const action of Object.keys(EXPECTED)) {
      const { id } = sent[action] as unknown as { id: number };
      found[action] = {} as Record<Viewer, Cells>;
      for (const viewer of VIEWERS) {
        const cells: Cells = [
          told(viewer, id),
          await joining(viewer, id, { epoch, offset: id - 1 }),
          await joining(viewer, id),
          await inHistory(viewer, id),
        ];
        found[action]![viewer] = cells;
        rows.push([action, viewer, ...cells]);
      }
    }
    print([['action', 'viewer', 'live', 'by since', 'anew', 'history'], ...rows]);
    assert.deepEqual(found, EXPECTED);
    for (const viewer of VIEWERS) {
      const offsets = sockets[viewer].liveOffsets(room);
      assert.deepEqual(
        offsets,
        offsets.map((_, i) => offsets[0]! + i),
        'one frame an offset',
      );
    }
  });

  it('the queue lists what waits, with verdict and original, for moderators alone', async () => {
    const { status } = await call('member', `/v1/rooms/${room}/moderation/queue`);
    assert.equal(status, 403);
    const waiting: string[] = [];
    for (let after = 0, more = true; more; ) {
      const { body } = await call('moderator', `/v1/rooms/${room}/moderation/queue?after=${after}&limit=2`);
      const page = body as {
        messages: (Parameters<typeof wordsOf>[0] & { user: string })[];
        hasMore: boolean;
      };
      waiting.push(...page.messages.map(message => `${message.user} ${wordsOf(message)}`));
      after = page.messages.at(-1)?.id ?? 0;
      more = page.hasMore;
    }
    const expected = Object.keys(EXPECTED).filter(action => action !== 'allow');
    assert.deepEqual(
      waiting,
      expected.map(action => `author ${EXPECTED[action]!.moderator[3]}`),
    );
  });

  it('a release shows it whole to all, in its old place; again it changes nothing', async function () {
    this.timeout(120_000);
    for (const [action, text] of Object.entries(RELEASED)) {
      const { id } = sent[action] as unknown as { id: number };
      const path = `/v1/rooms/${room}/messages/${id}/release`;
      assert.equal((await call('member', path, 'POST', {})).status, 403);
      const { status, body } = await call('moderator', path, 'POST', { reason: 'it was meant well' });
      const ack = body as { id: number; offset: number; revision: number; duplicate: boolean };
      assert.deepEqual([status, ack.id, ack.revision, ack.duplicate], [200, id, 1, false]);
      const restored = `restored visible '${text}'`;
      await until('all are told', () => VIEWERS.every(viewer => told(viewer, id).includes(restored)), 60_000);
      const again = await call('moderator', path, 'POST', {});
      assert.deepEqual([again.status, again.body], [200, { ...ack, duplicate: true }]);
    }
    await caughtUp();
    for (const [action, text] of Object.entries(RELEASED)) {
      const { id } = sent[action] as unknown as { id: number };
      for (const viewer of VIEWERS) {
        const noted = viewer === 'moderator' ? ` [${action}, release by moderator]` : '';
        assert.equal(await inHistory(viewer, id), `visible '${text}'${noted}`);
        assert.equal(await joining(viewer, id), `visible '${text}'${noted}`);
      }
    }
  });

  it('a removal takes it away; the log tells who, when and why, once for each; the queue is left', async function () {
    this.timeout(120_000);
    const { id } = sent.allow as unknown as { id: number };
    const path = `/v1/rooms/${room}/messages/${id}/remove`;
    const { status, body } = await call('moderator', path, 'POST', { reason: 'off topic' });
    assert.deepEqual([status, (body as { duplicate: boolean }).duplicate], [200, false]);
    await until(
      'all are told',
      () => VIEWERS.every(one => told(one, id).includes('→ removed moderated')),
      60_000,
    );
    const again = await call('moderator', path, 'POST');
    assert.equal(again.status, 400, 'a body is required');
    const twice = await call('moderator', path, 'POST', {});
    assert.deepEqual(twice.body, { ...(body as object), duplicate: true });
    await caughtUp();
    assert.equal(await inHistory('member', id), 'removed moderated');
    assert.equal(
      await inHistory('moderator', id),
      "removed moderated [allow, was 'allow a word', remove by moderator]",
    );
    const log = await call('moderator', `/v1/rooms/${room}/moderation/log`);
    const { entries } = log.body as { entries: Record<string, unknown>[] };
    assert.deepEqual(
      entries.map(({ action, by, user, was, reason }) => [action, by, user, was, reason]),
      [
        ['remove', 'moderator', 'author', 'visible', 'off topic'],
        ...['removed', 'removed', 'shadowed', 'held', 'masked'].map(was => [
          'release',
          'moderator',
          'author',
          was,
          'it was meant well',
        ]),
      ],
    );
    assert.equal((await call('member', `/v1/rooms/${room}/moderation/log`)).status, 403);
    const queue = await call('moderator', `/v1/rooms/${room}/moderation/queue`);
    const { messages } = queue.body as { messages: { content: string }[] };
    assert.deepEqual(
      messages.map(({ content }) => content),
      ['flag a word'],
    );
  });

  it('a released message that its author deletes stays gone; an edit is judged anew', async function () {
    this.timeout(120_000);
    const [gone, edited] = [sent.block, sent.hold] as unknown as { id: number }[];
    await sockets.author.ask({ type: 'delete', room, id: gone!.id });
    const released = await call('moderator', `/v1/rooms/${room}/messages/${gone!.id}/release`, 'POST', {});
    assert.equal(released.status, 404);
    await sockets.author.ask({ type: 'edit', room, id: edited!.id, content: 'block a word now' });
    await until('it is judged', () => told('member', edited!.id).endsWith('→ removed moderated'), 60_000);
    const unknown = await call('moderator', `/v1/rooms/${room}/messages/99999/remove`, 'POST', {});
    assert.equal(unknown.status, 404);
  });
});

function print(rows: string[][]) {
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map(row => row[i]!.length)));
  for (const row of rows)
    process.stdout.write(`    ${row.map((cell, i) => cell.padEnd(widths[i]!)).join(' | ')}\n`);
}
