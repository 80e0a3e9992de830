import { fileURLToPath } from 'node:url';

/** Arguments for `process.execPath` that run a TypeScript file from any working directory. */
export function nodeArguments(entry: URL): string[] {
  return ['--import', import.meta.resolve('tsx'), fileURLToPath(entry)];
}
