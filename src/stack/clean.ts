/** `npm run clean`: removes what `npm start` made here; `-- --all` also the Temporal that is kept for the user. */
import { randomBytes } from 'node:crypto';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { configOrExit } from '../config.ts';
import { developmentEnvironment } from './environment.ts';
import { removeLeavings } from './leavings.ts';
import { StackError } from './part.ts';
import { cacheFolder } from './temporal-program.ts';

const env = process.env;
const { dataDir } = configOrExit(developmentEnvironment(env, randomBytes(32).toString('hex')));
const built = fileURLToPath(new URL('../../dist', import.meta.url));
const say = (line: string) => process.stdout.write(`${line}\n`);
try {
  const all = process.argv.includes('--all');
  const { removed, kept } = await removeLeavings({ dataDir, built, cache: cacheFolder(env), all });
  for (const folder of removed) say(`removed ${relative('.', folder)}`);
  if (removed.length === 0) say('there was nothing to remove');
  for (const folder of kept) {
    say(`kept ${folder}, the Temporal that was got for you: npm run clean -- --all removes it`);
  }
} catch (error) {
  if (!(error instanceof StackError)) throw error;
  process.stderr.write(`parley: ${error.message}\n`);
  process.exitCode = 1;
}
