import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nodeArguments } from '../../src/stack/node-command.ts';
import { cuttable } from '../support/cuttable.ts';
import { randomFrom, SEED } from '../support/seed.ts';
import { SECRET } from '../support/socket.ts';
import { type OpenStore, openStore, rowOf } from '../support/store.ts';
import { until } from '../support/until.ts';

const ROWS = 30_000;
const COMMAND = nodeArguments(new URL('../../src/export.ts', import.meta.url));

describe('npm run export', function () {
  this.timeout(300_000);
  let db: OpenStore;
  let folder: string;
  let whole: string;
  /** Leads to the database through this process: an export gets no further than the test that is to kill it. */
  let way: Awaited<ReturnType<typeof cuttable>>;
  const children: ChildProcess[] = [];
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'parley-export-'));
    db = await openStore();
    way = await cuttable(db.databaseUrl);
    await db.pool.query(
      `INSERT INTO messages (room, id, revision, epoch, user_id, client_id, content, status, created_at)
       SELECT 'room-' || n % 3, n, 1, 'e', 'ann', 'k' || n, repeat(md5(n::text), 4), 'visible', '2026-01-01'
       FROM generate_series(1, $1) n`,
      [ROWS],
    );
    const { code, out, err } = await run('--all');
    assert.equal(code, 0, err);
    whole = out;
    assert.equal(whole.split('\n').length, ROWS + 1);
  });
  after(async () => {
    for (const child of children) child.kill('SIGKILL');
    await way?.close();
    await db?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  function start(args: string[], stdout: 'pipe' | number) {
    const child = spawn(process.execPath, [...COMMAND, ...args], {
      cwd: fileURLToPath(new URL('../../', import.meta.url)),
      env: { PATH: process.env.PATH, DATABASE_URL: way.url, AUTH_SECRET: SECRET, DATA_DIR: folder },
      stdio: ['ignore', stdout, 'pipe'],
    });
    children.push(child);
    let err = '';
    child.stderr!.on('data', chunk => {
      err += String(chunk);
    });
    const ended = once(child, 'close').then(([code, signal]) => ({ code, signal, err }));
    return { child, ended };
  }
  async function run(...args: string[]) {
    const { child, ended } = start(args, 'pipe');
    const chunks: Buffer[] = [];
    child.stdout!.on('data', (chunk: Buffer) => chunks.push(chunk));
    const end = await ended;
    return { ...end, out: Buffer.concat(chunks).toString() };
  }
  const cursorOf = (err: string) => /^cursor (\S+)$/m.exec(err)![1]!;

  it('killed again and again and begun anew with the same words has exactly the same lines in its file', async () => {
    const [file, cursorFile] = [join(folder, 'killed.jsonl'), join(folder, 'killed.cursor')];
    writeFileSync(file, '');
    const random = randomFrom(SEED);
    const linesOf = () => {
      const text = existsSync(cursorFile) ? readFileSync(cursorFile, 'utf8') : '';
      const cursor = text && (JSON.parse(Buffer.from(text, 'base64url').toString()) as { lines: number });
      return cursor ? cursor.lines : 0;
    };
    let kills = 0;
    for (let ends = false; !ends; ) {
      const stdout = openSync(file, 'a');
      const { child, ended } = start(['--all', '--cursor-file', cursorFile], stdout);
      closeSync(stdout);
      const aim = linesOf() + 1 + Math.floor(random() * 9_000);
      let over = false;
      void ended.then(() => {
        over = true;
      });
      await until('it is far enough', () => over || linesOf() >= aim, 60_000);
      child.kill('SIGKILL');
      const { code, signal, err } = await ended;
      if (signal === 'SIGKILL') kills += 1;
      else assert.equal(code, 0, err);
      ends = signal !== 'SIGKILL';
      // Accepted while it runs: not part of it, wherever its place would be.
      const late = rowOf('room-0', 10 * ROWS + kills, {
        submission: { timestamp: new Date().toISOString() },
      });
      if (!ends) await db.store.persist([late]);
    }
    assert.ok(kills >= 2, `it was killed ${kills} times`);
    assert.ok(readFileSync(file, 'utf8') === whole);
    // Done is done.
    const stdout = openSync(file, 'a');
    const { code } = await start(['--cursor-file', cursorFile], stdout).ended;
    closeSync(stdout);
    assert.equal(code, 0);
    assert.ok(readFileSync(file, 'utf8') === whole);
    await db.pool.query('DELETE FROM messages WHERE id > $1', [ROWS]);
  });

  it('goes on from the cursor it prints, into another place', async () => {
    const first = await run('--all', '--limit', '12345');
    const second = await run('--cursor', cursorOf(first.err), '--limit', '700');
    const third = await run('--cursor', cursorOf(second.err));
    assert.deepEqual([first.code, second.code, third.code], [0, 0, 0]);
    assert.equal(second.out.split('\n').length, 701);
    assert.ok(first.out + second.out + third.out === whole);
  });

  it('told to stop ends with a whole page and its cursor', async () => {
    const { child, ended } = start(['--all'], 'pipe');
    const chunks: Buffer[] = [];
    child.stdout!.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stdout!.once('data', () => child.kill('SIGTERM'));
    const { code, err } = await ended;
    const out = Buffer.concat(chunks).toString();
    assert.equal(code, 143);
    assert.ok(out.endsWith('\n') && out.length < whole.length);
    const rest = await run('--cursor', cursorOf(err));
    assert.ok(out + rest.out === whole);
  });

  it('ends quietly when nobody reads any more', async () => {
    const { child, ended } = start(['--all'], 'pipe');
    await once(child.stdout!, 'data');
    child.stdout!.destroy();
    assert.deepEqual(await ended, { code: 0, signal: null, err: '' });
  });

  it('says what is wrong with the call, and writes nothing', async () => {
    for (const args of [[], ['--all', '--room', 'a'], ['--all', '--from', 'today'], ['--cursor', 'x']]) {
      const { code, out, err } = await run(...args);
      assert.deepEqual([code, out], [2, '']);
      assert.match(err, /^\S.*\nusage: npm run -s export/);
    }
  });
});
