/**
 * The folder of `npm start`: `parley.json` says that it is ours, and names what of ours lies elsewhere.
 * Secrets in it are for its owner's eyes alone.
 */
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StackError } from './part.ts';

type Mark = { parley: 1; elsewhere: string[] };
const MARK = 'parley.json';
/** What start makes in there. A folder with nothing else is ours, too: its mark was not written yet. */
const OURS = /^(parley\.json|auth-secret|postgres-password|postgres|redis|temporal|logs|running\.json.*)$/;

/** The mark of a folder that is ours; undefined for any other. */
export function readMark(dataDir: string): Mark | undefined {
  try {
    const mark = JSON.parse(readFileSync(join(dataDir, MARK), 'utf8')) as Mark;
    return mark.parley === 1 ? mark : undefined;
  } catch {
    return undefined;
  }
}

/** Makes the folder, and makes it ours. Throws StackError where it holds other things. */
export function openDataDir(dataDir: string): void {
  mkdirSync(dataDir, { recursive: true });
  const mark = readMark(dataDir);
  const stranger = mark ? undefined : readdirSync(dataDir).find(name => !OURS.test(name));
  if (stranger !== undefined) {
    throw new StackError(
      `DATA_DIR is ${dataDir}, which holds what is not Parley's (${stranger}): set it to a folder of its own.`,
    );
  }
  // Postgres may run as another user, who has to reach its folder in here.
  chmodSync(dataDir, 0o755);
  if (!mark) writeMark(dataDir, { parley: 1, elsewhere: [] });
}

/** Notes a folder outside that `npm run clean` has to remove too. */
export function noteElsewhere(dataDir: string, folder: string): void {
  const mark = readMark(dataDir) ?? { parley: 1, elsewhere: [] };
  if (!mark.elsewhere.includes(folder)) {
    writeMark(dataDir, { ...mark, elsewhere: [...mark.elsewhere, folder] });
  }
}

function writeMark(dataDir: string, mark: Mark) {
  writeFileSync(join(dataDir, MARK), JSON.stringify(mark));
}

/** A secret that is made once and kept for this folder's owner alone. */
export function secretIn(dataDir: string, name: string): string {
  const file = join(dataDir, name);
  if (!existsSync(file)) writeFileSync(file, randomBytes(32).toString('base64url'), { mode: 0o600 });
  return readFileSync(file, 'utf8').trim();
}
