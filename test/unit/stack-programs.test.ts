import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { accepts, freePorts, requireFree } from '../../src/stack/ports.ts';
import { findPrograms, runProgram } from '../../src/stack/programs.ts';
import { findRedis } from '../../src/stack/redis-program.ts';
import { cacheFolder, findTemporal, pinnedVersion } from '../../src/stack/temporal-program.ts';

let folder: string;
const lines: string[] = [];
const context = { report: (line: string) => lines.push(line), guardian: undefined, stopping: undefined };

/** A program of this name in a folder of the test's PATH. */
function program(name: string, script: string): string {
  const path = join(folder, 'bin', name);
  mkdirSync(join(folder, 'bin'), { recursive: true });
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parley-programs-'));
  lines.length = 0;
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('programs', () => {
  it('are found on the PATH by name, then by folder', () => {
    const [one, two] = [program('one', ''), program('two', '')];
    writeFileSync(join(folder, 'bin', 'three'), 'not to be run');
    assert.deepEqual(findPrograms({ PATH: `/nowhere:${folder}/bin` }, 'two', 'one', 'three'), [two, one]);
  });

  it('run to their end, and answer what they said last', async () => {
    const options = { env: {}, timeoutMs: 10_000, guardian: undefined, stopping: undefined };
    assert.deepEqual(await runProgram('/bin/sh', ['-c', 'echo well'], options), { ok: true, said: 'well' });
    assert.deepEqual(await runProgram('/bin/sh', ['-c', 'echo ill >&2; exit 3'], options), {
      ok: false,
      said: 'ill',
    });
    assert.deepEqual(await runProgram('/nowhere/at-all', [], options), { ok: false, said: '' });
  });

  it('end with their children when they take too long, or when everything stops', async () => {
    const script = ['-c', 'sleep 1000 & wait'];
    const options = { env: process.env, guardian: undefined };
    const late = await runProgram('/bin/sh', script, { ...options, timeoutMs: 50, stopping: undefined });
    assert.equal(late.ok, false);
    const stop = new AbortController();
    const running = runProgram('/bin/sh', script, { ...options, timeoutMs: 60_000, stopping: stop.signal });
    stop.abort(new Error('the end'));
    await assert.rejects(running, /the end/);
  });
});

describe('Redis', () => {
  const options = () => ({ ...context, install: 'never' as const, env: { PATH: `${folder}/bin` } });

  it('is the first one that is new enough, whatever its name', async () => {
    program('redis-server', 'echo "Redis server v=6.2.7 sha=00000000:0 bits=64"');
    const valkey = program('valkey-server', 'echo "Valkey server v=8.0.1 sha=00000000:0 bits=64"');
    assert.equal(await findRedis(options()), valkey);
  });

  it('is refused where it is too old, with what to do', async () => {
    program('redis-server', 'echo "Redis server v=6.2.7 sha=00000000:0 bits=64"');
    program('apt-get', 'exit 1');
    const message =
      /^Redis 7 or later is needed, \S+redis-server \(6\.2\.7\) is older: install it \(.*apt-get/;
    await assert.rejects(findRedis(options()), { name: 'StackError', message });
  });

  it('is not installed where that is refused; the sentence has the command for this system', async () => {
    program('dnf', `touch ${folder}/touched`);
    const message =
      /^There is no redis-server.*dnf install -y -q valkey.*or set REDIS_URL to one that runs\.$/;
    await assert.rejects(findRedis(options()), { name: 'StackError', message });
    assert.deepEqual(readdirSync(folder), ['bin']);
  });

  it('is installed where nothing asks, which is said before', async () => {
    program(
      'brew',
      `printf '#!/bin/sh\\necho "Redis server v=7.2.5"\\n' > ${folder}/bin/redis-server; /bin/chmod +x ${folder}/bin/redis-server`,
    );
    const found = await findRedis({ ...options(), install: 'auto' });
    assert.equal(found, join(folder, 'bin', 'redis-server'));
    assert.match(
      lines[0]!,
      /^Redis is not installed: running brew install --quiet redis \(PARLEY_INSTALL=never/,
    );
  });
});

describe('Temporal', () => {
  /** Nothing leaves the machine: the download's way out is a port where nobody listens. */
  const env = () => ({ HTTPS_PROXY: 'http://127.0.0.1:1', HOME: folder, PATH: `${folder}/bin` });

  it('is pinned by the module that builds it', () => {
    assert.match(pinnedVersion(), /^v1\.\d+\.\d+$/);
  });

  it('is the one on the PATH before all others', async () => {
    const onPath = program('temporal', '');
    assert.equal(await findTemporal({ ...context, env: env() }), onPath);
    assert.deepEqual(lines, []);
  });

  it('is kept for the user, where XDG_CACHE_HOME says or below ~/.cache', () => {
    assert.equal(cacheFolder({ HOME: '/home/ada' }), '/home/ada/.cache/parley');
    assert.equal(cacheFolder({ HOME: '/home/ada', XDG_CACHE_HOME: '/cache' }), '/cache/parley');
  });

  it('is built where its download does not come, once for all starts, and leaves no half behind', async () => {
    // Stands in for the compiler alone: the real build takes minutes.
    program(
      'go',
      `/bin/sleep 0.2; for last; do :; done; while [ "$1" != -o ]; do shift; done; printf '#!/bin/sh\\n' > "$2"`,
    );
    const both = [findTemporal({ ...context, env: env() }), findTemporal({ ...context, env: env() })];
    const [one, two] = await Promise.all(both);
    assert.equal(one, two);
    assert.equal(await findTemporal({ ...context, env: env() }), one);
    assert.deepEqual(
      readdirSync(cacheFolder(env())).map(name => join(cacheFolder(env()), name)),
      [one],
    );
    assert.equal(
      lines.filter(line => /^building Temporal v\S+ with Go: about three minutes/.test(line)).length,
      2,
    );
  }).timeout(120_000);

  it('cannot be had without download and Go: one sentence says so, and what to do', async () => {
    const message =
      /^Temporal could not be downloaded, and there is no Go to build it: install .* or set TEMPORAL_ADDRESS\.$/;
    await assert.rejects(findTemporal({ ...context, env: env() }), { name: 'StackError', message });
    assert.deepEqual(readdirSync(cacheFolder(env())), []);
  }).timeout(120_000);

  it('says why it could not be built', async () => {
    program('go', 'echo "go: go.mod requires go >= 1.26" >&2; exit 1');
    const message = /^Temporal could not be built \(go: go\.mod requires go >= 1\.26\): install/;
    await assert.rejects(findTemporal({ ...context, env: env() }), { name: 'StackError', message });
  }).timeout(120_000);
});

describe('ports', () => {
  it('that are free are each another one', async () => {
    assert.equal(new Set(await freePorts(20)).size, 20);
  });

  it('are named in a sentence each where they are taken or wanted twice; 0 never is', async () => {
    const [free] = (await freePorts(1)) as [number];
    const holder = createServer();
    const taken = await new Promise<number>(resolve => {
      holder.listen(0, '127.0.0.1', () => resolve((holder.address() as { port: number }).port));
    });
    const wanted = [
      { port: taken, what: 'Postgres', variable: 'P' },
      { port: free, what: 'Redis', variable: 'R' },
      { port: free, what: 'Temporal', variable: 'T' },
      { port: 0, what: 'the page', variable: 'PORT' },
      { port: 0, what: 'metrics', variable: 'ADMIN_PORT' },
    ];
    const message = [
      `Port ${taken} for Postgres is taken by another program: free it, or set P to another one.`,
      `Port ${free} for Temporal is meant for Redis already: free it, or set T to another one.`,
    ].join('\n');
    await assert.rejects(requireFree(wanted), { name: 'StackError', message });
    await requireFree(wanted.slice(3));
    assert.equal(await accepts(taken), true);
    assert.equal(await accepts(free), false);
    holder.close();
  });
});
