import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { createLogger } from '../../src/logger.ts';
import { createLimiter } from '../../src/rooms/limiter.ts';
import { connectRedis, whenReady } from '../../src/rooms/redis.ts';
import { createScripts } from '../../src/rooms/scripts.ts';
import { cuttable } from '../support/cuttable.ts';
import { stack } from '../support/stack.ts';
import { until } from '../support/until.ts';

const logger = createLogger({ level: 'silent', part: 'test' });
const someone = () => `user-${randomUUID().slice(0, 8)}`;

describe('buckets in Redis', () => {
  let way: Awaited<ReturnType<typeof cuttable>>;
  let redis: Redis;
  const limiterOf = (perSecond: number, burst: number) =>
    createLimiter({
      redis,
      scripts: createScripts(redis),
      rate: { perSecond, burst },
      partitions: 16,
      logger,
    });

  before(async () => {
    way = await cuttable((await stack()).redisUrl);
    redis = connectRedis({ url: way.url, timeoutMs: 30_000, name: 'test', logger });
    await whenReady(redis, 30_000);
  });
  after(async () => {
    redis.disconnect();
    await way.close();
  });

  it('give the burst once, whoever of the gateways asks, and then say how long to wait', async () => {
    const user = someone();
    // One in a hundred seconds: none comes by while this machine stalls.
    const gateways = [limiterOf(0.01, 5), limiterOf(0.01, 5)];
    const waits = await Promise.all(Array.from({ length: 20 }, (_, i) => gateways[i % 2]!.take(user)));
    assert.equal(waits.filter(ms => ms === 0).length, 5);
    for (const ms of waits.filter(ms => ms > 0)) assert.ok(ms <= 100_000, `${ms} ms`);
    const [bucket] = await redis.keys(`parley:limit:{${user}}:*`);
    const left = await redis.pttl(bucket!);
    assert.ok(left > 0 && left <= 500_002, `goes by itself when it is full: ${left} ms`);
  });

  it('are asked ahead while they are half full, and give no token twice or in vain', async () => {
    const [user, limiter, other] = [someone(), limiterOf(0.01, 20), limiterOf(0.01, 20)];
    const taken = async () =>
      Math.round((Number(await redis.get(`parley:limit:{${user}}:send`)) - Date.now()) / 100_000);
    assert.equal(await limiter.take(user), 0);
    assert.equal(await taken(), 6, 'one and a stock of five');
    for (let i = 0; i < 4; i += 1) assert.equal(await limiter.take(user), 0);
    assert.equal(await taken(), 6, 'nothing is asked while the stock lasts');
    assert.equal(await limiter.take(user), 0);
    await until('the stock is filled beside', async () => (await taken()) === 10);
    const waits = [];
    for (let i = 0; i < 20; i += 1) waits.push(await (i % 2 ? limiter : other).take(user));
    assert.equal(waits.filter(ms => ms === 0).length, 14, 'twenty in all');
  });

  it('give a token as soon as it was said', async () => {
    const [user, limiter] = [someone(), limiterOf(20, 1)];
    assert.equal(await limiter.take(user), 0);
    const waitMs = await limiter.take(user);
    const startedAt = performance.now();
    await until('there is one', async () => (await limiter.take(user)) === 0);
    assert.ok(performance.now() - startedAt >= waitMs - 5);
  });

  it('do not lock anyone out when the clock of Redis was set back, nor when the rate was raised', async () => {
    const [user, limiter] = [someone(), limiterOf(1, 5)];
    await redis.set(`parley:limit:{${user}}:send`, String(Date.now() + 3_600_000));
    assert.equal(await limiter.take(user), 0);
  });

  it('are replaced by local ones of half the rate while Redis is silent, and are back after it', async () => {
    const [user, limiter] = [someone(), limiterOf(1, 4)];
    for (let i = 0; i < 3; i += 1) assert.equal(await limiter.take(user), 0);
    way.cut();
    await until('the loss is noticed', () => redis.status !== 'ready');
    const waits = await Promise.all(Array.from({ length: 6 }, () => limiter.take(user)));
    assert.deepEqual(
      waits.map(ms => ms === 0),
      [true, true, false, false, false, false],
    );
    assert.ok(waits.at(-1)! > 1_000, 'half of one in a second');
    assert.equal(await limiter.knows('room', user, 'x'), false);
    way.mend();
    await whenReady(redis, 30_000);
    await until('the shared bucket counts again', async () => {
      await limiter.take(user);
      return Number(await redis.get(`parley:limit:{${user}}:send`)) > Date.now();
    });
  });
});
