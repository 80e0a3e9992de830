/** `npm run clean`: removes what `npm start` made here; `-- --all` also the programs that are kept for all clones. */
import { randomBytes } from 'node:crypto';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { configOrExit } from '../config.ts';
import { developmentEnvironment } from './environment.ts';
import { removeLeavings } from './leavings.ts';
import { StackError } from './part.ts';
import { POSTGRES_PROGRAMS } from './postgres-home.ts';
import { cacheFolder } from './temporal-program.ts';

const env = process.env;
const { dataDir } = configOrExit(developmentEnvironment(env, randomBytes(32).toString('hex')));
const built = fileURLToPath(new URL('../../dist', import.meta.url));
const say = (line: string) => process.stdout.write(`${line}\n`);
try {
  const caches = [cacheFolder(env), POSTGRES_PROGRAMS];
  const all = process.argv.includes('--all');
  const { removed, kept } = await removeLeavings({ dataDir, built, caches, all });
  for (const folder of removed) say(`removed ${relative('.', folder)}`);
  if (removed.length === 0) say('there was nothing to remove');
  for (const folder of kept) {
    say(`kept ${folder}, made once for all clones: npm run clean -- --all removes it`);
  }
} catch (error) {
  if (!(error instanceof StackError)) throw error;
  process.stderr.write(`parley: ${error.message}\n`);
  process.exitCode = 1;
}
