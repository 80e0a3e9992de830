import type { Connection } from '../connection.ts';
import type { PingFrame } from '../frames.ts';

/** `ping`: for clients that cannot send a WebSocket ping; answers `pong`. */
export async function ping(connection: Connection, { ref }: PingFrame): Promise<undefined> {
  connection.answer({ type: 'pong' }, ref);
}
