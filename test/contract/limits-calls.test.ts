import assert from 'node:assert/strict';
import { type ErrorBody, http, startGateway } from '../support/gateway.ts';

const ROOMS = '/v1/rooms';

describe('calls of one address', () => {
  let gateway: Awaited<ReturnType<typeof startGateway>>;
  const calls = (address: string | undefined, count: number, path = ROOMS) =>
    Promise.all(
      Array.from({ length: count }, () =>
        http(gateway.url, path, {
          as: 'ann',
          headers: address === undefined ? {} : { 'x-forwarded-for': address },
        }),
      ),
    );
  const countOf = (answers: { status: number }[], status: number) =>
    answers.filter(answer => answer.status === status).length;

  before(async () => {
    gateway = await startGateway({ CALLS_PER_SECOND: '1', CALL_BURST: '10', TRUST_PROXY: '1' });
  });
  after(() => gateway.close());

  it('are so many at once, with the time to wait, and those of others go on', async () => {
    const startedAt = performance.now();
    const answers = await calls('192.0.2.1', 20);
    const refilled = Math.ceil((performance.now() - startedAt) / 1_000);
    const taken = countOf(answers, 200);
    assert.ok(taken >= 10 && taken <= 10 + refilled, `${taken} answered`);
    assert.equal(countOf(answers, 429), 20 - taken);
    const refused = answers.find(({ status }) => status === 429)!;
    const { error } = refused.body as ErrorBody;
    assert.deepEqual([error.code, error.retryable], ['rate_limited', true]);
    assert.ok(Number(error.retryAfterMs) > 0 && Number(error.retryAfterMs) <= 1_000);
    assert.ok(Number(refused.headers.get('retry-after')) >= 1);
    assert.equal(countOf(await calls('192.0.2.2', 5), 200), 5);
  });

  it('count sign-ins and what is not found too, but not the health of the service', async () => {
    // Forty of each: the bucket holds ten, and gets one a second.
    for (const path of ['/v1/nothing', '/v1/tickets']) {
      assert.ok(countOf(await calls('192.0.2.3', 40, path), 429) > 0, path);
    }
    assert.equal(countOf(await calls('192.0.2.3', 3, '/healthz'), 200), 3);
  });

  it('do not count for this machine itself', async () => {
    assert.equal(countOf(await calls(undefined, 20), 200), 20);
  });
});
