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

  it('gives development tokens on loopback alone', () => {
    assert.equal(readConfig({ AUTH_SECRET: SECRET, AUTH_MODE: 'dev' }).auth.mode, 'dev');
    refuses({ AUTH_MODE: 'dev', HOST: '0.0.0.0' }, /^AUTH_MODE=dev/);
  });
});
