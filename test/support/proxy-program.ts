/** Where toxiproxy comes from: the PATH, what was built before for this user, or a build of docker/toxiproxy. */
import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Guardian } from '../../src/stack/guardian.ts';
import { findPrograms, isProgram, runProgram } from '../../src/stack/programs.ts';
import { cacheFolder } from '../../src/stack/temporal-program.ts';

const MODULE_FOLDER = fileURLToPath(new URL('../../docker/toxiproxy/', import.meta.url));
const PACKAGE = 'github.com/Shopify/toxiproxy/v2/cmd/server';
const BUILD_TIMEOUT_MS = 5 * 60_000;

/** The path of a toxiproxy server that runs here; built once, in about 25 seconds. Throws with Go's last words. */
export async function findToxiproxy(guardian: Guardian): Promise<string> {
  const { env } = process;
  const [onPath] = findPrograms(env, 'toxiproxy-server');
  if (onPath !== undefined) return onPath;
  const module = readFileSync(join(MODULE_FOLDER, 'go.mod'), 'utf8');
  const version = /Shopify\/toxiproxy\/v2 (v[\d.]+)/.exec(module)![1]!;
  const cached = join(cacheFolder(env), `toxiproxy-${version}-${process.platform}-${process.arch}`);
  if (isProgram(cached)) return cached;
  const [go] = findPrograms(env, 'go');
  if (go === undefined)
    throw new Error('The fault tests need toxiproxy-server on the PATH, or Go to build it.');
  // A name of its own for each that builds at the same time; the last one replaces an equal file by a rename.
  const built = `${cached}.${randomUUID()}`;
  mkdirSync(cacheFolder(env), { recursive: true });
  try {
    const args = ['build', '-buildvcs=false', '-ldflags=-s -w', '-o', built, PACKAGE];
    const running = { env, cwd: MODULE_FOLDER, timeoutMs: BUILD_TIMEOUT_MS, guardian, stopping: undefined };
    const { ok, said } = await runProgram(go, args, running);
    if (!ok) throw new Error(`toxiproxy could not be built:\n${said}`);
    renameSync(built, cached);
    return cached;
  } finally {
    rmSync(built, { force: true });
  }
}
