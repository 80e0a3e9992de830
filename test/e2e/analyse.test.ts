import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const ENTRY = fileURLToPath(new URL('../../src/analyse.ts', import.meta.url));

/** The program itself, fed as a shell would. */
async function analyse(input: string, ...args: string[]) {
  const child = spawn(process.execPath, ['--import', 'tsx', ENTRY, ...args], { stdio: 'pipe' });
  const ended = new Promise<number | null>(resolve => child.once('close', resolve));
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const [out, errors, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  const lines = out.split('\n').filter(line => line !== '');
  return { lines: lines.map(line => JSON.parse(line)), errors, code };
}

describe('npm run analyse', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'parley-analyse-'));
  });
  after(() => rm(folder, { recursive: true }));

  async function fileOf(policy: unknown): Promise<string> {
    const file = join(folder, 'policy.json');
    await writeFile(file, JSON.stringify(policy));
    return file;
  }

  it('answers each plain line in order, empty ones and the last without an end too', async () => {
    const { lines, code } = await analyse(
      'see you at eight\n\nwhat the fuck\r\na\u2028b\nDas ist ein schöner Tag heute',
    );
    assert.equal(code, 0);
    assert.deepEqual(
      lines.map(({ verdict }) => verdict.action),
      ['allow', 'allow', 'mask', 'allow', 'allow'],
    );
    assert.deepEqual(Object.keys(lines[2]), ['verdict', 'language', 'sentiment']);
    const { verdict, language, sentiment } = lines[2];
    assert.deepEqual(
      [verdict.rules, verdict.spans, verdict.policy],
      [['profanity/strong'], [[9, 13]], 'builtin-1'],
    );
    assert.ok(verdict.toxicity > 0.5 && verdict.spam < 0.5);
    assert.deepEqual([language.code, sentiment.label], ['en', 'negative']);
    assert.equal(lines[1].language.code, 'und');
    assert.equal(lines[4].language.code, 'de');
  });

  it('reads JSONL, says what is wrong with a line, goes on, and exits with 1', async () => {
    const input = '{"text":"you\\nfaggot","id":1}\n{"text":\n{"text":5}\n{"text":"ok"}\n';
    const { lines, errors, code } = await analyse(input);
    assert.equal(code, 1);
    assert.match(errors, /line 2: .*not JSON/);
    assert.match(errors, /line 3: .*"text"/);
    assert.deepEqual(
      lines.map(line => line.verdict?.action ?? typeof line.error),
      ['block', 'string', 'string', 'allow'],
    );
  });

  it('takes more lines than any buffer holds, in order', async () => {
    const many = Array.from({ length: 5_000 }, (_, i) => (i % 10 === 0 ? 'damn' : `line ${i}`));
    const { lines } = await analyse(many.join('\n'));
    assert.equal(lines.length, many.length);
    assert.ok(lines.every(({ verdict }, i) => (verdict.action === 'flag') === (i % 10 === 0)));
  });

  it('tries a policy over the built-in one, or alone', async () => {
    const rules = [{ id: 'own', type: 'words', words: ['flurb'], action: 'hold' }];
    const file = await fileOf({ schema: 1, rules, off: ['profanity/mild'] });
    const input = 'damn flurb\nwhat the fuck\ndamn';
    const actions = ({ lines }: Awaited<ReturnType<typeof analyse>>) =>
      lines.map(({ verdict }) => `${verdict.action} ${verdict.policy}`);
    const over = await analyse(input, '--policy', file);
    assert.deepEqual(actions(over), [
      'hold file:policy.json',
      'mask file:policy.json',
      'allow file:policy.json',
    ]);
    const alone = await analyse(input, '--policy', file, '--alone');
    assert.deepEqual(actions(alone), [
      'hold file:policy.json',
      'allow file:policy.json',
      'allow file:policy.json',
    ]);
  });

  it('has no provider and nobody who wrote: rules that need either never hit, and nothing is held for it', async () => {
    const rules = [
      { id: 'scored', type: 'provider', category: 'toxicity', above: 0, action: 'block' },
      { id: 'counted', type: 'flood', above: 0, windowSeconds: 60, action: 'block' },
    ];
    const file = await fileOf({ schema: 1, rules, provider: { whenDown: 'closed' } });
    const { lines } = await analyse('hello\nwhat the fuck', '--policy', file);
    assert.deepEqual(
      lines.map(({ verdict }) => [verdict.action, verdict.degraded]),
      [
        ['allow', undefined],
        ['mask', undefined],
      ],
    );
  });

  it('names what is wrong with a policy and reads nothing', async () => {
    const file = await fileOf({ schema: 1, rules: [{ id: 'a', type: 'length', above: 0, action: 'mask' }] });
    const { lines, errors, code } = await analyse('hello', '--policy', file);
    assert.deepEqual([lines, code], [[], 2]);
    assert.match(errors, /rules\[0\]\.above: Give a whole number from 1/);
    assert.equal((await analyse('hello', '--policy', join(folder, 'none.json'))).code, 2);
    assert.equal((await analyse('hello', '--nonsense')).code, 2);
  });
});
