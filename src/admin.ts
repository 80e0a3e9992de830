import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';

type Options = {
  port: number;
  registry: Registry;
  /** Brings gauges up to date before they are read. */
  refresh?: () => Promise<void>;
  /** Each part by name: `ok`, or a sentence that says what fails. */
  ready(): Promise<Record<string, string>>;
  /** Answers every other call; without it they are not found. */
  calls?: RequestListener;
};

/** The parts that fail, of what `ready` says. */
export function failing(parts: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(parts).filter(([, state]) => state !== 'ok'));
}

/** Metrics and health on loopback alone: `/metrics`, `/healthz`, `/readyz`. */
export async function startAdminServer({ port, registry, refresh, ready, calls }: Options) {
  const server = createServer((request, response) => {
    const answer = (status: number, type: string, body: string) => {
      response.writeHead(status, { 'content-type': type });
      response.end(body);
    };
    const json = (status: number, body: unknown) => answer(status, 'application/json', JSON.stringify(body));
    const routes: Record<string, () => Promise<void>> = {
      '/metrics': async () => {
        await refresh?.();
        answer(200, registry.contentType, await registry.metrics());
      },
      '/healthz': async () => json(200, { status: 'ok' }),
      '/readyz': async () => {
        const faults = failing(await ready());
        const fit = Object.keys(faults).length === 0;
        json(fit ? 200 : 503, fit ? { status: 'ok' } : { status: 'unavailable', failing: faults });
      },
    };
    const route = routes[request.url ?? ''];
    if (route === undefined) {
      if (calls === undefined) return json(404, { status: 'not found' });
      return calls(request, response);
    }
    route().catch(() => json(500, { status: 'internal' }));
  });
  server.requestTimeout = 5_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const { port: bound } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${bound}`,
    async close() {
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
    },
  };
}
