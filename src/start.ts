/** `npm start`: everything on one machine. See src/stack for the parts. */
import { randomBytes } from 'node:crypto';
import { configOrExit } from './config.ts';
import { developmentEnvironment } from './stack/environment.ts';
import { runAll } from './stack/run-all.ts';

// Checked with a secret of no use; the one that is kept lies in the data folder, once that is known.
const config = configOrExit(developmentEnvironment(process.env, randomBytes(32).toString('hex')));
await runAll(config, process.env);
