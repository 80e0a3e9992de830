import { type Config, configOrExit } from './config.ts';
import type { Service } from './context/shared.ts';

type Entry = Service & { drain?: () => Promise<void>; failed?: Promise<never> };

/**
 * Runs a service until SIGINT, SIGTERM, or the end of the process that started it; then closes it, within
 * `shutdownMs`. Says `ready` over the channel to its parent, if it has one.
 */
export async function runEntry(start: (config: Config) => Promise<Entry>): Promise<void> {
  const config = configOrExit();
  const service = await start(config);
  process.send?.({ ready: true, address: service.url });
  const stopped = new Promise<void>(resolve => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => resolve());
    if (process.send) process.on('disconnect', () => resolve());
  });
  const failure = await Promise.race([
    stopped,
    (service.failed ?? stopped).catch((error: unknown) => ({ error })),
  ]);
  // The one deadline: whatever does not close by then is cut off.
  setTimeout(() => process.exit(1), config.shutdownMs).unref();
  await service.drain?.();
  await service.close();
  if (process.connected) process.disconnect();
  if (failure) throw failure.error;
}
