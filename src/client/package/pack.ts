/** The client as a package: plain modules with their types, which need nothing in a browser and `ws` on Node. */
import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const HERE = fileURLToPath(new URL('./', import.meta.url));
const TIMEOUT_MS = 60_000;

const run = promisify(execFile);

/** Builds and packs the client into `folder`; answers the path of the .tgz. Throws with what the compiler says. */
export async function packClient(folder: string): Promise<string> {
  const built = await mkdtemp(join(tmpdir(), 'parley-client-'));
  try {
    const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
    const args = [tsc, '-p', join(HERE, 'tsconfig.json'), '--outDir', built];
    await run(process.execPath, args, { timeout: TIMEOUT_MS });
    await nameDeclarations(built);
    const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { version: string };
    const manifest = JSON.parse(await readFile(join(HERE, 'package.json'), 'utf8')) as object;
    await writeFile(join(built, 'package.json'), JSON.stringify({ ...manifest, version }, null, 2));
    await writeFile(join(built, 'README.md'), readme(await readFile(join(ROOT, 'README.md'), 'utf8')));
    await copyFile(join(ROOT, 'LICENSE'), join(built, 'LICENSE'));
    await mkdir(folder, { recursive: true });
    const pack = ['pack', '--pack-destination', resolve(folder), '--ignore-scripts', '--json'];
    const { stdout } = await run('npm', pack, { cwd: built, timeout: TIMEOUT_MS });
    const [packed] = JSON.parse(stdout) as { filename: string }[];
    return join(resolve(folder), packed!.filename);
  } finally {
    await rm(built, { recursive: true, force: true });
  }
}

/** The compiler writes `.js` into the code but leaves `.ts` in the declarations, which only some readers take. */
async function nameDeclarations(folder: string) {
  const files = await readdir(folder, { recursive: true });
  for (const file of files.filter(name => name.endsWith('.d.ts'))) {
    const text = await readFile(join(folder, file), 'utf8');
    await writeFile(join(folder, file), text.replace(/(from '\.[^']*)\.ts';/g, "$1.js';"));
  }
}

/** The project's own section about the client, as the package's page. Throws where there is none. */
function readme(project: string): string {
  const section = /^### From a program\n(.*?)(?=^#)/ms.exec(project)?.[1];
  if (section === undefined) throw new Error('README.md has no section "From a program"');
  return `# @parley/client\n${section}`;
}
