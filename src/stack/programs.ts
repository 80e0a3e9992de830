import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** The first of these programs that is on the PATH, with its whole path. */
export function findProgram(...names: string[]): string | undefined {
  for (const name of names) {
    for (const folder of (process.env.PATH ?? '').split(delimiter)) {
      try {
        accessSync(join(folder, name), constants.X_OK);
        return join(folder, name);
      } catch {
        // Not in this folder.
      }
    }
  }
  return undefined;
}

/** What a program prints, or undefined when it fails or takes longer. */
export async function outputOf(
  program: string,
  args: string[],
  timeoutMs: number,
): Promise<string | undefined> {
  try {
    return (await execute(program, args, { timeout: timeoutMs, maxBuffer: 16 * 1_048_576 })).stdout;
  } catch {
    return undefined;
  }
}
