import { setPriority } from 'node:os';
import { createWorker } from './context/worker.ts';
import { runEntry } from './entry.ts';

await runEntry(config => {
  setPriority(config.pipeline.nice);
  return createWorker(config);
});
