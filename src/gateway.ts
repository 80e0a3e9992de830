import { createGateway } from './context.ts';
import { runEntry } from './entry.ts';

await runEntry(createGateway);
