import assert from 'node:assert/strict';
import { isRefusal } from '../../src/errors.ts';
import { createHistory, type HistoryLog, type HistoryStore } from '../../src/front/history.ts';
import { parseHistoryQuery, parseRoomsQuery } from '../../src/front/history-query.ts';
import { shown } from '../../src/front/shown.ts';
import { createLogger } from '../../src/logger.ts';
import { createGatewayMetrics } from '../../src/metrics.ts';
import type { LoggedMessage } from '../../src/rooms/log-types.ts';

const query = (text: string) => parseHistoryQuery(new URLSearchParams(text));
const MAX = String(2 ** 53 - 1);

describe('the query of a history page', () => {
  it('is a limit, and one cursor at most', () => {
    assert.deepEqual(query(''), { limit: 50 });
    assert.deepEqual(query('limit=1&before=7'), { limit: 1, cursor: { before: 7 } });
    assert.deepEqual(query(`after=${MAX}&limit=100`), { limit: 100, cursor: { after: 2 ** 53 - 1 } });
    assert.deepEqual(query('around=0'), { limit: 50, cursor: { around: 0 } });
  });

  it('with anything but one plain id is invalid_cursor', () => {
    const cursors = [
      '',
      '-1',
      '+1',
      '%2B1',
      '01',
      '1.0',
      '1e3',
      '0x1',
      ' 1',
      'abc',
      '9007199254740992',
      '9'.repeat(30),
    ];
    for (const value of cursors) {
      assert.deepEqual(query(`before=${value}`), { refused: 'invalid_cursor', path: 'before' }, value);
    }
    assert.deepEqual(query('before=1&before=1'), { refused: 'invalid_cursor', path: 'before' });
    assert.deepEqual(query('after=1&around=1'), { refused: 'invalid_cursor', path: 'around' });
  });

  it('with a limit that is not 1 to 100 is invalid_limit', () => {
    for (const value of ['0', '101', '-1', '', 'x', '1.5', '01']) {
      assert.deepEqual(query(`limit=${value}`), { refused: 'invalid_limit', path: 'limit' }, value);
    }
    assert.deepEqual(query('limit=1&limit=1'), { refused: 'invalid_limit', path: 'limit' });
  });

  it('with an unknown parameter names it', () => {
    assert.deepEqual(query('limit=1&Before=2'), { refused: 'invalid_field', path: 'Before' });
  });

  it('for rooms takes a room name as its cursor', () => {
    const rooms = (text: string) => parseRoomsQuery(new URLSearchParams(text));
    assert.deepEqual(rooms('after=lobby&limit=2'), { limit: 2, after: 'lobby' });
    for (const text of ['after=Lobby', 'after=', 'after=a&after=b']) {
      const answer = rooms(text);
      assert.ok(isRefusal(answer));
      assert.equal(answer.refused, 'invalid_cursor', text);
    }
  });
});

const ROW = {
  id: 7,
  revision: 1,
  room: 'a',
  user: 'ann',
  content: 'what a ****',
  original: 'what a mess',
  timestamp: '2026-01-01T00:00:00.000Z',
  clientId: 'c',
  status: 'masked',
  epoch: 'e',
  storedAt: '2026-01-01T00:00:01.000Z',
  batch: 'b',
  announcedAt: '2026-01-01T00:00:00.500Z',
  verdict: { action: 'mask', rules: ['words:mess'], spans: [[7, 11]], policy: 'p' },
  versions: { language: 'l', moderation: 'm', sentiment: 's' },
} as LoggedMessage & { original: string };

describe('a stored message', () => {
  const viewer = { user: 'bob', moderator: false };

  it('shows nothing of the pipeline, of the rule, or of the text before it was masked', () => {
    assert.deepEqual(shown(ROW, viewer), {
      id: 7,
      revision: 1,
      room: 'a',
      user: 'ann',
      content: 'what a ****',
      timestamp: '2026-01-01T00:00:00.000Z',
      clientId: 'c',
      status: 'masked',
    });
  });

  it('that was removed is a tombstone, and so is one that only its author may see', () => {
    const timestamp = ROW.timestamp;
    const removed = { ...ROW, status: 'removed', reason: 'moderated' } as LoggedMessage;
    const stone = { id: 7, status: 'removed', reason: 'moderated', timestamp };
    assert.deepEqual(shown(removed, viewer), stone);
    const held = { ...ROW, status: 'held', audience: 'author' } as LoggedMessage;
    assert.deepEqual(shown(held, viewer), { ...stone, reason: 'held' });
    const own = shown(held, { user: 'ann', moderator: false });
    assert.equal('content' in own && own.content, ROW.content);
  });
});

describe('history', () => {
  const never = () => new Promise<never>(() => {});
  const rows = Array.from({ length: 100 }, (_, i) => ({ ...ROW, id: i + 1 }));
  const mark = { epoch: 'e', processedThrough: 100, storeVersion: 1 };
  const noLog: HistoryLog = {
    watermark: async () => undefined,
    cachedPage: async () => undefined,
    cachePage: async () => {},
  };
  const goodStore: HistoryStore = {
    page: async () => assert.fail('what moderators see was read'),
    shownPage: async (_room, { limit }) => ({ rows: rows.slice(-limit), hasOlder: true, hasNewer: false }),
    byId: async () => undefined,
    rooms: never,
  };
  const viewer = { user: 'bob', moderator: false };
  function history(log: Partial<HistoryLog>, store: Partial<HistoryStore>, timeoutMs = 1_500) {
    const logger = createLogger({ level: 'silent', part: 'test' });
    const deps = { log: { ...noLog, ...log }, store: { ...goodStore, ...store } };
    return createHistory({ ...deps, metrics: createGatewayMetrics(), logger, timeoutMs });
  }

  it('answers without epoch and watermark while the log fails or hangs', async () => {
    for (const log of [{}, { watermark: never, cachedPage: never }]) {
      const page = await history(log, {}).page('a', { limit: 2 }, viewer);
      assert.ok(!isRefusal(page));
      assert.deepEqual([page.epoch, page.processedThrough], [null, null]);
      assert.deepEqual(
        page.messages.map(({ id }) => id),
        [99, 100],
      );
    }
  });

  it('is unavailable in time when the store fails or hangs', async () => {
    const failing = { shownPage: async () => Promise.reject(new Error('no database')), byId: never };
    for (const store of [failing, { shownPage: never, byId: never }]) {
      const startedAt = performance.now();
      const page = await history({}, store).page('a', { limit: 2 }, viewer);
      assert.equal(isRefusal(page) && page.refused, 'unavailable');
      const one = await history({}, store).message('a', 1, viewer);
      assert.equal(isRefusal(one) && one.refused, 'unavailable');
      assert.ok(performance.now() - startedAt < 10_000);
    }
  });

  it('sheds reads that would only wait', async () => {
    const { message } = history({}, { byId: never }, 1);
    const answers = await Promise.all(Array.from({ length: 300 }, () => message('a', 1, viewer)));
    const codes = answers.map(answer => isRefusal(answer) && answer.refused);
    assert.equal(codes.filter(code => code === 'unavailable').length, 256);
    assert.equal(codes.filter(code => code === 'overloaded').length, 44);
  });

  it('reads the watermark before the rows, and keeps the newest page with it', async () => {
    const order: string[] = [];
    let kept: unknown[] = [];
    const log = {
      watermark: async () => {
        order.push('watermark');
        return mark;
      },
      cachePage: async (...args: unknown[]) => {
        kept = args;
      },
    };
    const store = {
      shownPage: async (...args: Parameters<HistoryStore['shownPage']>) => {
        order.push('rows');
        return goodStore.shownPage(...args);
      },
    };
    const page = await history(log, store).page('a', { limit: 3 }, viewer);
    assert.ok(!isRefusal(page));
    assert.deepEqual(order, ['watermark', 'rows']);
    assert.deepEqual([page.epoch, page.processedThrough, page.hasOlder], ['e', 100, true]);
    assert.equal(kept[2], mark);
    assert.ok(!String(kept[1]).includes('mess'), 'the original is not in the cache');
    assert.equal((JSON.parse(String(kept[1])) as { rows: unknown[] }).rows.length, 100);
  });

  it('serves the newest page from the cache, with the watermark of the cache', async () => {
    const cached = JSON.stringify({ rows: rows.slice(0, 3), hasOlder: false, hasNewer: false });
    const log = { cachedPage: async () => ({ page: cached, watermark: mark }) };
    const cold = { shownPage: async () => assert.fail('the store was read') };
    const small = await history(log, cold).page('a', { limit: 2 }, viewer);
    const whole = await history(log, cold).page('a', { limit: 3 }, viewer);
    assert.ok(!isRefusal(small) && !isRefusal(whole));
    assert.deepEqual(
      small.messages.map(({ id }) => id),
      [2, 3],
    );
    assert.deepEqual([small.hasOlder, whole.hasOlder, small.processedThrough], [true, false, 100]);
  });
});
