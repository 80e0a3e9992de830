/** `npm start`: everything on one machine. See src/stack for the parts. */
import { resolve } from 'node:path';
import { configOrExit } from './config.ts';
import { developmentEnvironment } from './stack/environment.ts';
import { runAll } from './stack/run-all.ts';

const env = developmentEnvironment(process.env, resolve(process.env.DATA_DIR ?? '.parley'));
await runAll(configOrExit(env), env);
