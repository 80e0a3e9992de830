import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { nodeArguments } from './node-command.ts';
import { runProgram } from './programs.ts';
import type { ObtainOptions } from './temporal-program.ts';

const ENTRY = new URL('./temporal-download-main.ts', import.meta.url);
/** A download that has brought nothing by then is given up; one that brings something may go on. */
const SILENCE_MS = 8_000;
const TIMEOUT_MS = 180_000;
const LOOK_EVERY_MS = 250;

/**
 * Temporal's program by the SDK's own pinned download, in a process of its own, for the SDK cannot be told to stop.
 * Undefined where it does not come.
 */
export async function downloadTemporal(
  version: string,
  workplace: string,
  options: ObtainOptions,
): Promise<string | undefined> {
  const { report, stopping } = options;
  const folder = join(workplace, 'download');
  mkdirSync(folder);
  report(
    `Temporal ${version} is not here yet: trying its download, for ${SILENCE_MS / 1_000} s of silence …`,
  );
  const since = Date.now();
  const silence = new AbortController();
  const timer = setInterval(() => {
    if (Date.now() - since > SILENCE_MS && bytesIn(folder) === 0) silence.abort();
  }, LOOK_EVERY_MS);
  const either = AbortSignal.any([silence.signal, ...(stopping ? [stopping] : [])]);
  const running = { ...options, stopping: either, timeoutMs: TIMEOUT_MS };
  const { ok } = await runProgram(process.execPath, nodeArguments(ENTRY, folder, version), running)
    .catch(() => ({ ok: false }))
    .finally(() => clearInterval(timer));
  stopping?.throwIfAborted();
  const [name] = ok ? readdirSync(folder) : [];
  const seconds = Math.round((Date.now() - since) / 1_000);
  report(name ? `Temporal is here (${seconds} s)` : `the download did not come (${seconds} s)`);
  return name === undefined ? undefined : join(folder, name);
}

function bytesIn(folder: string): number {
  const sizes = readdirSync(folder).map(
    name => statSync(join(folder, name), { throwIfNoEntry: false })?.size,
  );
  return sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0);
}
