/** Builds the page where it is not up to date. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import config from './vite.config.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const SOURCES = ['src/web', 'src/client', 'src/message.ts', 'package-lock.json'];

/** Resolves with the folder of the built page. Throws what the build threw. */
export async function buildPage(): Promise<string> {
  const folder = join(repository, 'dist/web');
  const built = await newest(join(folder, 'index.html'));
  const sources = await Promise.all(SOURCES.map(path => newest(join(repository, path))));
  if (built <= Math.max(...sources)) await build({ ...config, configFile: false });
  return folder;
}

/** The newest time of change in a file or folder, in ms since 1970; 0 where there is none. */
async function newest(path: string): Promise<number> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return 0;
  if (!found.isDirectory()) return found.mtimeMs;
  const times = await Promise.all((await readdir(path)).map(name => newest(join(path, name))));
  return Math.max(0, ...times);
}
