import type { Refusal } from '../errors.ts';
import type { GatewayMetrics } from '../metrics.ts';
import type { Ack, AppendInput } from '../rooms/log-types.ts';
import type { Draft } from './frames.ts';
import type { Identity } from './identity.ts';
import type { Releasing } from './release.ts';

type Deps = {
  log: { append(input: AppendInput): Promise<Ack | Refusal> };
  releasing: Releasing;
  metrics: GatewayMetrics;
};
export type Submit = ReturnType<typeof createSubmit>;

/**
 * Appends a message in the name of whoever the token says, for sockets and HTTP alike, shown as its room's release
 * says. Answers the ack once the message is in the log and in the pipeline's intake, or why not. Throws Unavailable.
 */
export function createSubmit({ log, releasing, metrics }: Deps) {
  return async (
    { user, name }: Identity,
    room: string,
    { clientId, content, replyTo }: Draft,
  ): Promise<Ack | Refusal> => {
    const release = await releasing(room, content);
    const stop = metrics.append.startTimer();
    try {
      return await log.append({
        room,
        user,
        ...(name === undefined ? {} : { name }),
        clientId,
        content,
        ...(replyTo === undefined ? {} : { replyTo }),
        release,
      });
    } finally {
      stop();
    }
  };
}
