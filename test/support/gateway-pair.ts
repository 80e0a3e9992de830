import { freePorts } from '../../src/stack/ports.ts';
import { startProcess } from './processes.ts';
import { PATIENT, SECRET } from './socket.ts';
import { freeDatabase, stack } from './stack.ts';

/** Two gateways as processes of their own, on the run's Redis and an empty database; no worker. */
export async function startGatewayPair(env: Record<string, string> = {}) {
  const { redisUrl } = await stack();
  const adminPorts = await freePorts(2);
  const shared = {
    DATABASE_URL: await freeDatabase(),
    REDIS_URL: redisUrl,
    AUTH_SECRET: SECRET,
    HOST: '127.0.0.1',
    PORT: '0',
    LOG_LEVEL: 'warn',
    ...PATIENT,
    ...env,
  };
  const gateways = await Promise.all(
    adminPorts.map(port => startProcess('gateway', { ...shared, ADMIN_PORT: String(port) })),
  );
  return {
    urls: gateways.map(({ address }) => address),
    adminUrls: adminPorts.map(port => `http://127.0.0.1:${port}`),
    async close() {
      for (const gateway of gateways) gateway.kill('SIGTERM');
      await Promise.all(gateways.map(({ exited }) => exited));
    },
  };
}
