import type { Environment } from '../config.ts';

/** The environment of `npm start`: for development, where it does not say otherwise. */
export function developmentEnvironment(env: Environment, secret: string): Environment {
  const keyed = env.AUTH_SECRET || env.AUTH_JWKS_URL;
  return {
    ...env,
    // With keys of one's own server, dev tokens would be a back door: they have to be asked for.
    AUTH_MODE: env.AUTH_MODE || (env.AUTH_JWKS_URL ? 'jwt' : 'dev'),
    ...(keyed ? {} : { AUTH_SECRET: secret }),
  };
}
