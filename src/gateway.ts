import { createGateway } from './context/gateway.ts';
import { runEntry } from './entry.ts';

await runEntry(createGateway);
