import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createBackoff } from '../../src/stack/backoff.ts';
import { type Supervised, supervise } from '../../src/stack/supervisor.ts';
import { until } from '../support/until.ts';

const BACKOFF = { firstMs: 10, maxMs: 40, resetAfterMs: 60_000 };

describe('the backoff', () => {
  it('doubles up to its maximum, and begins anew after a long life', () => {
    const next = createBackoff({ firstMs: 200, maxMs: 1_000, resetAfterMs: 30_000 });
    assert.deepEqual([0, 0, 0, 0, 0].map(next), [200, 400, 800, 1_000, 1_000]);
    assert.deepEqual([30_000, 0].map(next), [200, 400]);
  });
});

describe('the supervisor', function () {
  this.timeout(120_000);
  let folder: string;
  let supervised: Supervised | undefined;
  const lines: string[] = [];
  const fatal: string[] = [];

  function start(entry: string): Supervised {
    supervised = supervise({
      name: entry,
      entry: new URL(`../support/entries/${entry}.ts`, import.meta.url),
      env: { PATH: process.env.PATH },
      logFile: join(folder, `${entry}.log`),
      guardian: undefined,
      report: line => lines.push(line),
      onFatal: sentence => fatal.push(sentence),
      backoff: BACKOFF,
    });
    return supervised;
  }

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'parley-supervisor-'));
    lines.length = 0;
    fatal.length = 0;
  });

  afterEach(async () => {
    await supervised?.stop();
    rmSync(folder, { recursive: true });
  });

  it('is ready when its process says so, and tells address and pid', async () => {
    const steady = start('steady');
    assert.equal(await steady.ready, 'http://127.0.0.1:1');
    assert.deepEqual(lines, [`steady     http://127.0.0.1:1  pid ${steady.pid}`]);
  });

  it('starts a process again that was killed', async () => {
    const steady = start('steady');
    await steady.ready;
    const first = steady.pid!;
    process.kill(first, 'SIGKILL');
    await until(
      'another process is ready',
      () => lines.filter(line => / pid /.test(line)).length === 2,
      60_000,
    );
    assert.notEqual(steady.pid, first);
    assert.match(lines[1]!, /^steady ended \(SIGKILL\); it is started again in 10 ms, its log is /);
  });

  it('waits longer each time for one that dies before it is ready, and shows its last words', async () => {
    const mortal = start('mortal');
    await until('it died thrice', () => lines.filter(line => /ended/.test(line)).length >= 3, 40_000);
    await mortal.stop();
    const waits = lines.flatMap(line => /\(exit 3\); it is started again in (\d+) ms/.exec(line)?.[1] ?? []);
    assert.deepEqual(waits.slice(0, 3), ['10', '20', '40']);
    assert.equal(lines[1], '    nothing to live for');
    assert.match(readFileSync(join(folder, 'mortal.log'), 'utf8'), /^(nothing to live for\n){3,}$/);
  });

  it('gives up on one that does not accept its configuration, with the line that says why', async () => {
    start('misconfigured');
    await until('it is fatal', () => fatal.length > 0, 60_000);
    assert.deepEqual(fatal, ['PORT is high: it must be a whole number from 0 to 65535.']);
    assert.deepEqual(lines, []);
  });

  it('leaves a process ended that it was told to stop', async () => {
    const steady = start('steady');
    await steady.ready;
    const { pid } = steady;
    await steady.stop();
    assert.throws(() => process.kill(pid!, 0), { code: 'ESRCH' });
    assert.equal(lines.length, 1);
  });
});
