import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** The arguments with which this Node runs one of our TypeScript files, from whatever folder. */
export function nodeArguments(file: URL, ...rest: string[]): string[] {
  const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
  return ['--import', loader, fileURLToPath(file), ...rest];
}
