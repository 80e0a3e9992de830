import assert from 'node:assert/strict';
import { ConfigError, type Environment, readConfig } from '../../src/config.ts';

const SECRET = 's'.repeat(32);
const refuses = (env: Environment, words: RegExp) => {
  assert.throws(
    () => readConfig({ AUTH_SECRET: SECRET, ...env }),
    (error: unknown) => {
      assert.ok(error instanceof ConfigError);
      assert.match(error.message, words);
      return true;
    },
  );
};

describe('configuration', () => {
  it('has a default for everything but the key of tokens', () => {
    const config = readConfig({ AUTH_SECRET: SECRET });
    assert.deepEqual(
      [config.host, config.port, config.adminPort, config.auth.mode],
      ['127.0.0.1', 8080, 9464, 'jwt'],
    );
    assert.throws(() => readConfig({}), /AUTH_SECRET is missing/);
  });

  it('names the variable that is malformed', () => {
    refuses({ PORT: 'eighty' }, /^PORT is eighty/);
    refuses({ PORT: '70000' }, /^PORT is 70000/);
    refuses({ PIPELINE_ENGINE: 'cron' }, /^PIPELINE_ENGINE is cron/);
    refuses({ GATEWAY_PROCESSES: '0' }, /^GATEWAY_PROCESSES/);
    refuses({ AUTH_SECRET: 'short' }, /^AUTH_SECRET needs at least 32 bytes/);
    refuses({ TLS_CERT: '/nowhere' }, /^TLS_KEY is missing/);
    refuses(
      { TLS_CERT: '/nowhere', TLS_KEY: '/nowhere' },
      /^TLS_CERT names \/nowhere, which cannot be read \(ENOENT\)/,
    );
  });

  it('takes a provider by its URL alone, and repeats no secret', () => {
    const url = 'https://scores.example/v1?a=b';
    assert.equal(
      readConfig({ AUTH_SECRET: SECRET, MODERATION_PROVIDER_TIMEOUT_MS: '100' }).provider,
      undefined,
    );
    assert.deepEqual(readConfig({ AUTH_SECRET: SECRET, MODERATION_PROVIDER_URL: url }).provider, {
      url,
      token: undefined,
      timeoutMs: 2_000,
      batch: 50,
      calls: 4,
    });
    for (const wrong of ['scores.example', 'ftp://scores.example', 'http://me:secret@scores.example'])
      refuses({ MODERATION_PROVIDER_URL: wrong }, /^MODERATION_PROVIDER_URL must be [^@]*$/);
    const token = { MODERATION_PROVIDER_URL: url, MODERATION_PROVIDER_TOKEN: 'se\ncret' };
    refuses(token, /^MODERATION_PROVIDER_TOKEN holds characters (?!.*cret)/);
    refuses({ MODERATION_PROVIDER_TIMEOUT_MS: '9000' }, /^MODERATION_PROVIDER_TIMEOUT_MS is 9000/);
  });

  it('gives BullMQ the one Redis, or one of its own, and a queue whose name it can have', () => {
    const own = { AUTH_SECRET: SECRET, REDIS_URL: 'redis://a', BULLMQ_REDIS_URL: 'redis://b' };
    assert.equal(readConfig(own).bullmqRedisUrl, 'redis://b');
    assert.equal(readConfig({ ...own, BULLMQ_REDIS_URL: '' }).bullmqRedisUrl, 'redis://a');
    refuses({ TEMPORAL_TASK_QUEUE: 'a:b' }, /^TEMPORAL_TASK_QUEUE is a:b/);
  });

  it('takes times of UTC for the scheduled tasks, or never', () => {
    const config = readConfig({ AUTH_SECRET: SECRET, DIGEST_AT: '23:05', PURGE_AT: 'never' });
    assert.deepEqual(config.schedules, {
      digest: { hour: 23, minute: 5 },
      nightly: { hour: 2, minute: 30 },
      purge: undefined,
    });
    for (const time of ['24:00', '1:30', '12:60', 'noon', '00:10:00'])
      refuses({ DIGEST_AT: time }, /^DIGEST_AT is/);
  });

  it('reads keys of payloads with their names, and shows nothing of what is none', () => {
    const key = (byte: number) => Buffer.alloc(32, byte).toString('base64');
    const read = (given: string) => readConfig({ AUTH_SECRET: SECRET, PAYLOAD_KEY: given }).payloadKeys;
    assert.deepEqual(readConfig({ AUTH_SECRET: SECRET }).payloadKeys, []);
    assert.deepEqual(read(`new:${key(1)}, old:${key(2)}`), [
      { id: 'new', key: Buffer.alloc(32, 1) },
      { id: 'old', key: Buffer.alloc(32, 2) },
    ]);
    const [named] = read(key(1));
    assert.deepEqual([read(key(1)), read(`${key(2)},${key(1)}`)[1]], [[named], named]);
    const short = Buffer.alloc(31, 1).toString('base64');
    for (const wrong of [short, `${key(1)}AAAA`, 'secret words', `a b:${key(1)}`, `${key(1)},id:`]) {
      refuses({ PAYLOAD_KEY: wrong }, /^PAYLOAD_KEY: key \d must be 32 bytes as base64/);
      assert.throws(
        () => readConfig({ AUTH_SECRET: SECRET, PAYLOAD_KEY: wrong }),
        (error: Error) => !error.message.includes(wrong),
      );
    }
    refuses({ PAYLOAD_KEY: `a:${key(1)},a:${key(2)}` }, /^PAYLOAD_KEY has two keys that are named a/);
  });

  it('gives development tokens on loopback alone', () => {
    assert.equal(readConfig({ AUTH_SECRET: SECRET, AUTH_MODE: 'dev' }).auth.mode, 'dev');
    refuses({ AUTH_MODE: 'dev', HOST: '0.0.0.0' }, /^AUTH_MODE=dev/);
  });
});
