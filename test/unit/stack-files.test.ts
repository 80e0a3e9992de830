import assert from 'node:assert/strict';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { noteElsewhere, openDataDir, readMark, secretIn } from '../../src/stack/data-dir.ts';
import { developmentEnvironment } from '../../src/stack/environment.ts';
import { removeLeavings } from '../../src/stack/leavings.ts';
import { boundLog, lastLines, logSize } from '../../src/stack/logs.ts';
import { StackError } from '../../src/stack/part.ts';
import {
  claimRunning,
  clearRunning,
  noteRunning,
  readRunning,
  withRunning,
} from '../../src/stack/running.ts';

let folder: string;
const silent = () => undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parley-files-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('the data folder', () => {
  it('is made, and marked as ours', () => {
    const path = join(folder, 'new', 'data');
    openDataDir(path);
    openDataDir(path);
    assert.deepEqual(readMark(path), { parley: 1, elsewhere: [] });
  });

  it('is never one that holds what belongs to others', () => {
    writeFileSync(join(folder, 'thesis.txt'), 'years of work');
    assert.throws(() => openDataDir(folder), { name: 'StackError', message: /thesis\.txt/ });
    assert.equal(existsSync(join(folder, 'parley.json')), false);
  });

  it('keeps a secret for its owner alone, the same one for ever', () => {
    const secret = secretIn(folder, 'auth-secret');
    assert(Buffer.byteLength(secret) >= 32);
    assert.equal(secretIn(folder, 'auth-secret'), secret);
    assert.equal(statSync(join(folder, 'auth-secret')).mode & 0o777, 0o600);
    assert.notEqual(secretIn(folder, 'postgres-password'), secret);
  });
});

describe('what runs on a data folder', () => {
  it('is found by other commands, under what the environment itself says', async () => {
    await claimRunning(folder, silent);
    noteRunning(folder, {
      env: { REDIS_URL: 'redis://of-the-start', AUTH_MODE: 'dev' },
      pageUrl: 'http://page/',
    });
    assert.equal(readRunning(folder)?.pid, process.pid);
    const found = withRunning({ DATA_DIR: folder, REDIS_URL: 'redis://given' });
    assert.deepEqual(found, {
      DATA_DIR: folder,
      REDIS_URL: 'redis://given',
      AUTH_MODE: 'dev',
      PAGE_URL: 'http://page/',
    });
    assert.equal(statSync(join(folder, 'running.json')).mode & 0o777, 0o600);
  });

  it('keeps a second start away, and nothing when it has gone', async () => {
    await claimRunning(folder, silent);
    await assert.rejects(claimRunning(folder, silent), {
      name: 'StackError',
      message: /already \(pid \d+\): stop it/,
    });
    clearRunning(folder);
    assert.equal(readRunning(folder), undefined);
    await claimRunning(folder, silent);
  });

  it('gives way where its start was killed, also when its note was cut short', async () => {
    for (const left of [JSON.stringify({ pid: process.pid, startedAt: '1', env: {} }), '{"pid": 12']) {
      writeFileSync(join(folder, 'running.json'), left);
      assert.equal(readRunning(folder), undefined);
      await claimRunning(folder, silent);
      assert.equal(readRunning(folder)?.pid, process.pid);
    }
  });
});

describe('clean', () => {
  const options = () => ({
    dataDir: join(folder, 'data'),
    built: join(folder, 'dist'),
    caches: [join(folder, 'cache')],
    all: false,
  });

  it('removes the data, what of it lies elsewhere, and the built page; the cache only when asked', async () => {
    const { dataDir, built, caches } = options();
    const [cache] = caches as [string];
    openDataDir(dataDir);
    const elsewhere = join(folder, 'elsewhere');
    for (const path of [elsewhere, built, cache]) mkdirSync(path);
    noteElsewhere(dataDir, elsewhere);
    assert.deepEqual(await removeLeavings(options()), {
      removed: [elsewhere, dataDir, built],
      kept: [cache],
    });
    assert.deepEqual(await removeLeavings({ ...options(), all: true }), { removed: [cache], kept: [] });
    assert.deepEqual(await removeLeavings(options()), { removed: [], kept: [] });
  });

  it('removes nothing that start did not make', async () => {
    const { dataDir, built } = options();
    mkdirSync(join(dataDir, 'logs'), { recursive: true });
    mkdirSync(built);
    await assert.rejects(removeLeavings(options()), StackError);
    assert(existsSync(join(dataDir, 'logs')) && existsSync(built));
  });

  it('removes nothing while a start runs there', async () => {
    const { dataDir } = options();
    openDataDir(dataDir);
    await claimRunning(dataDir, silent);
    await assert.rejects(removeLeavings(options()), { name: 'StackError', message: /stop it first/ });
    assert(existsSync(dataDir));
  });
});

describe('a log', () => {
  it('shows the last lines since a launch', () => {
    const log = join(folder, 'part.log');
    writeFileSync(log, 'of an earlier life\n');
    const from = logSize(log);
    assert.equal(lastLines(log, from), '');
    appendFileSync(log, 'one\ntwo\nthree\nfour\n');
    assert.equal(lastLines(log, from), 'two\nthree\nfour');
  });

  it('moves aside when it has grown too large', () => {
    const log = join(folder, 'part.log');
    writeFileSync(log, 'x'.repeat(101));
    boundLog(log, 200);
    assert.equal(logSize(log), 101);
    boundLog(log, 100);
    assert.equal(logSize(log), 0);
    assert.equal(readFileSync(`${log}.1`, 'utf8').length, 101);
  });
});

describe('the environment of npm start', () => {
  it('is for development with the kept secret, where it does not say otherwise', () => {
    const plain = developmentEnvironment({ PATH: '/bin' }, 'kept');
    assert.deepEqual(plain, { PATH: '/bin', AUTH_MODE: 'dev', AUTH_SECRET: 'kept' });
    const own = developmentEnvironment({ AUTH_SECRET: 'own', AUTH_MODE: 'jwt' }, 'kept');
    assert.deepEqual(own, { AUTH_SECRET: 'own', AUTH_MODE: 'jwt' });
  });

  it('opens no development door beside a server of keys', () => {
    const env = developmentEnvironment({ AUTH_JWKS_URL: 'https://keys.test' }, 'kept');
    assert.deepEqual(env, { AUTH_JWKS_URL: 'https://keys.test', AUTH_MODE: 'jwt' });
  });
});
