import { createWorker } from './context.ts';
import { runEntry } from './entry.ts';

await runEntry(createWorker);
