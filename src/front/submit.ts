import type { Refusal } from '../errors.ts';
import type { GatewayMetrics } from '../metrics.ts';
import type { Hub } from '../rooms/hub-types.ts';
import type { Ack, AppendInput } from '../rooms/log-types.ts';
import type { Draft } from './frames.ts';
import type { Identity } from './identity.ts';

type Deps = {
  log: { append(input: AppendInput): Promise<Ack | Refusal> };
  hub: Hub;
  metrics: GatewayMetrics;
};
export type Submit = ReturnType<typeof createSubmit>;

/**
 * Appends a message in the name of whoever the token says, for sockets and HTTP alike. Answers the ack once the
 * message is in the log and in the pipeline's intake, or why not. Throws Unavailable.
 */
export function createSubmit({ log, hub, metrics }: Deps) {
  return async (
    { user, name }: Identity,
    room: string,
    { clientId, content, replyTo }: Draft,
  ): Promise<Ack | Refusal> => {
    const seen = hub.seen(room);
    const stop = metrics.append.startTimer();
    try {
      return await log.append({
        room,
        user,
        ...(name === undefined ? {} : { name }),
        clientId,
        content,
        ...(replyTo === undefined ? {} : { replyTo }),
        ...(seen === undefined ? {} : { seen }),
      });
    } finally {
      stop();
    }
  };
}
