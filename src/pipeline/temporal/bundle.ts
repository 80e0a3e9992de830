/**
 * The workflows as one script for Temporal's sandbox. To build it takes three seconds of every start of a worker, so
 * it is kept, under a name that follows from all that goes into it, and found by the next one.
 */
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger, type WorkflowBundleOption } from '@temporalio/worker';
import type { Logger } from '../../logger.ts';

const ROOT = new URL('../../../', import.meta.url);
const FOLDER = new URL('workflows/', ROOT);
/** Beside the folder, all that workflows may import (test/unit/layout.test.ts). */
const SHARED = new URL('src/message.ts', ROOT);
const KEPT = fileURLToPath(new URL('node_modules/.cache/parley/', ROOT));

/** The script of the workflows as they are; built where it is not kept, and only built where it cannot be. */
export async function workflowBundle(logger: Logger): Promise<WorkflowBundleOption> {
  const codePath = join(KEPT, `workflows-${await fingerprint()}.js`);
  if (await stat(codePath).catch(() => undefined)) return { codePath };
  const { code } = await bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('index.ts', FOLDER)),
    logger: new DefaultLogger('ERROR', ({ message }) => logger.error(message)),
  });
  // Of several that build it at once each puts an equal file in place.
  const own = `${codePath}.${randomUUID()}`;
  try {
    await mkdir(KEPT, { recursive: true });
    await writeFile(own, code);
    await rename(own, codePath);
    return { codePath };
  } catch (error) {
    logger.debug({ error }, 'the bundle of workflows cannot be kept');
    return { code };
  }
}

async function fingerprint(): Promise<string> {
  const hash = createHash('sha256');
  const { version } = createRequire(import.meta.url)('@temporalio/worker/package.json') as {
    version: string;
  };
  hash.update(version);
  const names = (await readdir(FOLDER)).filter(name => name.endsWith('.ts')).sort();
  for (const file of [...names.map(name => new URL(name, FOLDER)), SHARED])
    hash.update(`\n${file.pathname.slice(ROOT.pathname.length)}\n`).update(await readFile(file));
  return hash.digest('hex').slice(0, 16);
}
