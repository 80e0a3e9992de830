import { stack } from '../../support/stack.ts';
import { call, type HistoryPage, startSystem } from '../../support/system.ts';
import { until } from '../../support/until.ts';
import type { Contender } from './contender.ts';

/**
 * What is lifted, for a benchmark sends from few connections and one address what thousands would, and its load
 * drivers and all the services press on one machine's cores.
 */
const LIFTED = {
  SEND_PER_SECOND: '1000000',
  SEND_BURST: '1000000',
  FRAMES_PER_SECOND: '1000000',
  FRAME_BURST: '1000000',
  CONNECTIONS_PER_ADDRESS: '1000000',
  UPGRADES_PER_SECOND: '1000000',
  UPGRADE_BURST: '1000000',
  MAX_LOOP_DELAY_MS: '60000',
  MAX_UNSTORED: '1000000',
};
const SETTLE_TIMEOUT_MS = 120_000;

export async function pidOf(part: string): Promise<number> {
  return (await stack()).parts.find(({ name }) => name === part)!.pid!;
}
/** The Redis that all contenders share. */
export const redisPid = () => pidOf('Redis');

/** Two gateways, and the whole pipeline behind them: worker, Temporal and Postgres. */
export const createParley = (): Contender => ({
  name: 'Parley',
  dialect: 'parley',
  settings: [
    'two gateways, one worker, Temporal, Postgres; every message judged, enriched and stored in the same run',
    `lifted: ${Object.entries(LIFTED)
      .map(([name, value]) => `${name}=${value}`)
      .join(' ')}`,
  ],
  async start() {
    const system = await startSystem({ gateways: 2, env: { ...LIFTED, NODE_ENV: 'production' } });
    const stored = async (room: string) =>
      ((await call(system.urls[0]!, `/v1/rooms/${room}/messages?limit=1`, 'watcher')).body as HistoryPage)
        .processedThrough ?? 0;
    return {
      urls: system.urls,
      pids: {
        servers: system.fronts.map(({ pid }) => pid),
        redis: [await redisPid()],
        pipeline: [system.worker().pid, await pidOf('Temporal'), await pidOf('Postgres')],
      },
      async settled(room, messages) {
        await until(`${room} is stored`, async () => (await stored(room)) >= messages, SETTLE_TIMEOUT_MS);
      },
      close: system.close,
    };
  },
});
