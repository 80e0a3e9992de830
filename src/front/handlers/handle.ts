import type { Refusal } from '../../errors.ts';
import type { Connection } from '../connection.ts';
import type { ClientFrame } from '../frames.ts';
import { createDelete } from './delete.ts';
import { type AmendDeps, createEdit } from './edit.ts';
import { createJoin, type JoinDeps } from './join.ts';
import { createLeave, type LeaveDeps } from './leave.ts';
import { ping } from './ping.ts';
import { createRead } from './read.ts';
import { createRefresh, type RefreshDeps } from './refresh.ts';
import { createSend, type SendDeps } from './send.ts';
import { createTyping, type SignalDeps } from './typing.ts';

/** Answers a client's frame, or says why it is refused. Throws Unavailable, and the unexpected. */
export type Handle = (connection: Connection, frame: ClientFrame) => Promise<Refusal | undefined>;

export function createHandle(
  deps: JoinDeps & LeaveDeps & SendDeps & AmendDeps & SignalDeps & RefreshDeps,
): Handle {
  const join = createJoin(deps);
  const leave = createLeave(deps);
  const send = createSend(deps);
  const edit = createEdit(deps);
  const remove = createDelete(deps);
  const typing = createTyping(deps);
  const read = createRead(deps);
  const refresh = createRefresh(deps);
  return async (connection, frame) => {
    switch (frame.type) {
      case 'join':
        return join(connection, frame);
      case 'leave':
        return leave(connection, frame);
      case 'send':
        return send(connection, frame);
      case 'edit':
        return edit(connection, frame);
      case 'delete':
        return remove(connection, frame);
      case 'typing':
        return typing(connection, frame);
      case 'read':
        return read(connection, frame);
      case 'refresh':
        return refresh(connection, frame);
      case 'ping':
        return ping(connection, frame);
    }
  };
}
