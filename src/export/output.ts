/** Standard output, a page at a time: each write is over when the system has taken it. */
import { fstatSync, ftruncateSync } from 'node:fs';
import type { Cursor } from './cursor.ts';

const STDOUT = 1;

export type Output = ReturnType<typeof openOutput>;

/**
 * Goes on where the cursor says. Where the output is the file that the cursor names, what was written after the
 * cursor is cut off; any other one gets what is still missing. Throws where that file is shorter than it was.
 */
export function openOutput(cursor: Cursor | undefined) {
  const { dev, ino, size, isFile } = statOf();
  const before = cursor?.output;
  let bytes = size;
  if (isFile && before?.dev === dev && before.ino === ino) {
    if (size < before.bytes) throw new Error('the output is shorter than its cursor says');
    ftruncateSync(STDOUT, before.bytes);
    bytes = before.bytes;
  }
  return {
    /** Resolves once it is taken; false where nobody reads any more. */
    async write(text: string): Promise<boolean> {
      const error = await new Promise<Error | null | undefined>(resolve => {
        process.stdout.write(text, resolve);
      });
      if (error && (error as NodeJS.ErrnoException).code !== 'EPIPE') throw error;
      if (!error) bytes += Buffer.byteLength(text);
      return !error;
    },
    /** The file as it stands, where the output is one. */
    reached: (): Pick<Cursor, 'output'> => (isFile ? { output: { dev, ino, bytes } } : {}),
  };
}

function statOf() {
  const stat = fstatSync(STDOUT);
  return { dev: stat.dev, ino: stat.ino, size: stat.isFile() ? stat.size : 0, isFile: stat.isFile() };
}
