import assert from 'node:assert/strict';
import type { Pool } from 'pg';
import { dayOf, daysFrom } from '../../src/digest/days.ts';
import { createDigestStore } from '../../src/store/digests.ts';
import { createMessageStore } from '../../src/store/messages.ts';
import { createPool } from '../../src/store/pool.ts';
import { type ErrorBody, http, startGateway } from '../support/gateway.ts';
import { token } from '../support/socket.ts';
import { newRoom, rowOf } from '../support/store.ts';

type Gateway = Awaited<ReturnType<typeof startGateway>>;
type Body = Record<string, unknown> & { digests: Record<string, unknown>[] };

describe('GET /v1/rooms/:room/digest', () => {
  let gateway: Gateway;
  let pool: Pool;
  const today = dayOf(new Date());
  const yesterday = daysFrom(today, -1);
  before(async () => {
    gateway = await startGateway({ DATABASE_TIMEOUT_MS: '1000' });
    pool = createPool({ databaseUrl: gateway.postgres.url, size: 2, timeoutMs: 30_000, name: 'test' });
  });
  after(async () => {
    await pool?.end();
    await gateway?.close();
  });

  async function plant(room: string, days: string[], { from = 1, ...outcome } = {}) {
    const rows = days.map((day, i) =>
      rowOf(room, from + i, { submission: { timestamp: `${day}T00:00:00.000Z` }, outcome }),
    );
    await createMessageStore(pool).persist(rows);
  }
  async function ask(room: string, query = '', { as = 'ann', headers = {} } = {}) {
    const { status, body } = await http(gateway.url, `/v1/rooms/${room}/digest${query}`, { as, headers });
    const { error } = body as ErrorBody;
    return { status, body: body as Body, error };
  }
  const refused = async (room: string, query: string) => {
    const { status, error } = await ask(room, query);
    return [status, error.code, error.path];
  };

  it('answers a kept day: members see no count of moderation, moderators do', async () => {
    const room = newRoom();
    const day = daysFrom(today, -5);
    await plant(room, [day, day], { status: 'removed', reason: 'moderated' } as object);
    assert.deepEqual(await refused(room, `?day=${day}`), [404, 'not_found', undefined]);
    await createDigestStore(pool).keep([room], day);
    const { status, body } = await ask(room, `?day=${day}`);
    assert.equal(status, 200);
    const { madeAt, hours, ...rest } = body;
    assert.deepEqual(rest, {
      ...{ room, day, final: true, messages: 2, authors: 1, busiestHour: 0, languages: { en: 2 } },
      mood: { mean: -0.25, negative: 2, neutral: 0, positive: 0 },
    });
    assert.match(String(madeAt), /^\d{4}-.*Z$/);
    assert.deepEqual(hours, [2, ...Array.from({ length: 23 }, () => 0)]);
    const headers = { authorization: `Bearer ${await token('mia', { roles: ['moderator'] })}` };
    const { body: moderators } = await ask(room, `?day=${day}`, { headers });
    assert.deepEqual(moderators.removals, { deleted: 0, moderated: 2, held: 0 });
    assert.deepEqual(moderators.moderation, { flagged: 0, masked: 0, held: 0, shadowed: 0 });
  });

  it('counts yesterday, the default, and today on demand; once for who asks within seconds', async () => {
    const room = newRoom();
    await plant(room, [yesterday, today, today]);
    assert.deepEqual(pick((await ask(room)).body), [yesterday, true, 1]);
    assert.deepEqual(pick((await ask(room, `?day=${today}`)).body), [today, false, 2]);
    await plant(room, [today], { from: 10 });
    assert.deepEqual(pick((await ask(room, `?day=${today}`)).body), [today, false, 2]);
  });

  it('answers a range of days, oldest first, without those on which nobody wrote', async () => {
    const room = newRoom();
    const before = daysFrom(today, -3);
    await plant(room, [before, yesterday, today]);
    await createDigestStore(pool).keep([room], before);
    const { body } = await ask(room, `?day=${today}&days=4`);
    assert.equal(body.from, before);
    assert.equal(body.to, today);
    assert.deepEqual(body.digests.map(pick), [
      [before, true, 1],
      [yesterday, true, 1],
      [today, false, 1],
    ]);
    assert.deepEqual((await ask(newRoom(), '?days=31')).body.digests, []);
  });

  it('refuses by the one table', async () => {
    const room = newRoom();
    for (const day of ['2026-02-30', '2026-1-1', 'yesterday', '', '1999-01-01', daysFrom(today, 1)]) {
      assert.deepEqual(await refused(room, `?day=${day}`), [400, 'invalid_field', 'day']);
    }
    assert.deepEqual(await refused(room, `?day=${today}&day=${today}`), [400, 'invalid_field', 'day']);
    for (const days of ['0', '32', '1.5', '-1', '', 'all']) {
      assert.deepEqual(await refused(room, `?days=${days}`), [400, 'invalid_field', 'days']);
    }
    assert.deepEqual(await refused(room, '?hour=1'), [400, 'invalid_field', 'hour']);
    assert.deepEqual(await refused('No Room', ''), [400, 'invalid_field', 'room']);
    assert.deepEqual(await refused(room, ''), [404, 'not_found', undefined]);
    const headers = { authorization: `Bearer ${await token('ben', { rooms: ['other'] })}` };
    const elsewhere = await ask(room, '', { headers });
    assert.deepEqual([elsewhere.status, elsewhere.error.code], [403, 'forbidden']);
    const nobody = await http(gateway.url, `/v1/rooms/${room}/digest`);
    assert.equal(nobody.status, 401);
  });

  it('is unavailable while Postgres is away, and there again afterwards', async () => {
    const room = newRoom();
    await plant(room, [today]);
    gateway.postgres.cut();
    const { status, error } = await ask(room, `?day=${today}`);
    assert.deepEqual([status, error.code, error.retryable], [503, 'unavailable', true]);
    gateway.postgres.mend();
    assert.deepEqual(pick((await ask(room, `?day=${today}`)).body), [today, false, 1]);
  });
});

const pick = ({ day, final, messages }: Record<string, unknown>) => [day, final, messages];
