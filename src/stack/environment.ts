import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { secretIn } from './postgres.ts';

/** The environment of `npm start`: for development, where it does not say otherwise, with a secret kept in its folder. */
export function developmentEnvironment(env: NodeJS.ProcessEnv, dataDir: string): NodeJS.ProcessEnv {
  const keyed = env.AUTH_SECRET || env.AUTH_JWKS_URL;
  mkdirSync(dataDir, { recursive: true });
  return {
    ...env,
    AUTH_MODE: env.AUTH_MODE || 'dev',
    ...(keyed ? {} : { AUTH_SECRET: secretIn(join(dataDir, 'auth-secret')) }),
  };
}
