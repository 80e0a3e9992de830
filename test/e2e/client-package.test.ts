import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { packClient } from '../../src/client/package/pack.ts';
import { token } from '../support/socket.ts';
import { startSystem, wholeHistory } from '../support/system.ts';
import { until } from '../support/until.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const COMMAND_TIMEOUT_MS = 120_000;
const run = promisify(execFile);

/** The fenced blocks of the README's section about programs, by language. */
async function exampleOf(language: string): Promise<string> {
  const readme = await readFile(join(ROOT, 'README.md'), 'utf8');
  const section = /^### From a program\n(.*?)(?=^#)/ms.exec(readme)?.[1] ?? '';
  const blocks = [...section.matchAll(/^```(\w*)\n(.*?)^```$/gms)];
  const found = blocks.filter(([, name, text]) => name === language && !text!.startsWith('$'));
  assert.equal(found.length, 1, `one block of ${language || 'output'}`);
  return found[0]![2]!;
}

describe('the packed client', () => {
  let folder: string;
  let system: Awaited<ReturnType<typeof startSystem>>;

  /** Runs a command in the empty project; answers what it printed. */
  async function inProject(command: string, args: string[], env: Record<string, string> = {}) {
    const options = { cwd: folder, timeout: COMMAND_TIMEOUT_MS, env: { ...process.env, ...env } };
    return (await run(command, args, options)).stdout;
  }

  before(async function () {
    this.timeout(300_000);
    folder = await mkdtemp(join(tmpdir(), 'parley-empty-'));
    const [started, client] = await Promise.all([startSystem(), packClient(folder)]);
    system = started;
    // The very ws that is installed here: the test asks no registry.
    const packed = await inProject('npm', ['pack', join(ROOT, 'node_modules/ws'), '--ignore-scripts']);
    await writeFile(join(folder, 'package.json'), '{ "type": "module", "private": true }');
    const quiet = ['--offline', '--ignore-scripts', '--no-audit', '--no-fund'];
    await inProject('npm', ['install', ...quiet, client, `./${packed.trim().split('\n').at(-1)}`]);
  });
  after(async () => {
    await system?.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('carries the README’s example, line by line, in an empty project', async function () {
    this.timeout(120_000);
    await writeFile(join(folder, 'hello.ts'), await exampleOf('ts'));
    const compilerOptions = {
      strict: true,
      module: 'NodeNext',
      target: 'ES2022',
      types: ['node'],
      typeRoots: [join(ROOT, 'node_modules/@types')],
    };
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['hello.ts'] }));
    await inProject(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc')]);
    const env = { PARLEY_URL: system.urls[0]!, TOKEN: await token('ann') };
    const printed = (await inProject(process.execPath, ['hello.js'], env)).trimEnd().split('\n');
    const promised = (await exampleOf('')).trimEnd().split('\n');
    const numberless = (line: string) => line.replace(/\d+$/, 'N');
    assert.deepEqual(printed.slice(-promised.length).map(numberless), promised.map(numberless));
    const id = Number(/\d+$/.exec(printed.at(-1)!)?.[0]);
    await until('the pipeline has stored it', async () => {
      const stored = await wholeHistory(system.urls[0]!, 'lobby', 50);
      return stored.some(message => message.id === id && message.status === 'visible');
    });
  });

  it('needs no other package in a browser, and names all that it needs', async () => {
    const installed = join(folder, 'node_modules/@parley/client');
    const manifest = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8')) as {
      exports: Record<string, Record<string, string>>;
      peerDependencies: object;
    };
    const importsOf = async (entry: string) => {
      const [seen, packages, waiting] = [new Set<string>(), new Set<string>(), [join(installed, entry)]];
      for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
        if (seen.has(file)) continue;
        seen.add(file);
        for (const [, from] of (await readFile(file, 'utf8')).matchAll(/(?:from|import)[ (]'([^']+)'/g)) {
          if (from!.startsWith('.')) waiting.push(join(dirname(file), from!));
          else packages.add(from!);
        }
      }
      assert.ok(seen.size > 10);
      return [...packages];
    };
    assert.deepEqual(await importsOf(manifest.exports['.']!.default!), []);
    assert.deepEqual(
      await importsOf(manifest.exports['./node']!.node!),
      Object.keys(manifest.peerDependencies),
    );
  });
});
