import type { Refusal } from '../../errors.ts';
import type { Connection } from '../connection.ts';
import type { ClientFrame } from '../frames.ts';
import { createJoin, type JoinDeps } from './join.ts';
import { createLeave, type LeaveDeps } from './leave.ts';
import { ping } from './ping.ts';
import { createSend, type SendDeps } from './send.ts';

/** Answers a client's frame, or says why it is refused. Throws Unavailable, and the unexpected. */
export type Handle = (connection: Connection, frame: ClientFrame) => Promise<Refusal | undefined>;

export function createHandle(deps: JoinDeps & LeaveDeps & SendDeps): Handle {
  const join = createJoin(deps);
  const leave = createLeave(deps);
  const send = createSend(deps);
  return async (connection, frame) => {
    switch (frame.type) {
      case 'join':
        return join(connection, frame);
      case 'leave':
        return leave(connection, frame);
      case 'send':
        return send(connection, frame);
      case 'ping':
        return ping(connection, frame);
    }
  };
}
