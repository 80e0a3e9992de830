/** What each contender's clients say and hear. One text frame at a time; what a frame carries is cut into lines. */
import { token } from '../../support/socket.ts';

export type DialectName = 'parley' | 'socketio' | 'centrifugo' | 'tutorial';

/** The answer to a line: what to send, whether the client is now in its room, which message was acknowledged. */
export type Reaction = { send?: string; ready?: true; acked?: number; refused?: string };

export type Dialect = {
  path(room: string, user: string): string;
  headers(user: string): Promise<Record<string, string>>;
  /** Said once the socket is open. */
  hello: string | undefined;
  react(line: string, room: string): Reaction;
  send(n: number, room: string, text: string): string;
  /** Whether a frame that carries a text is the delivery itself, and not what is told of it later. */
  delivers(bytes: Buffer, start: number): boolean;
};

const always = () => true;
const noHeaders = async () => ({});

const parley: Dialect = {
  path: () => '/v1/ws',
  headers: async user => ({ Authorization: `Bearer ${await token(user)}` }),
  hello: undefined,
  react(line, room) {
    const frame = JSON.parse(line) as { type: string; ref?: number; more?: boolean };
    if (frame.type === 'welcome') return { send: JSON.stringify({ type: 'join', room, recent: 0, ref: -1 }) };
    if (frame.type === 'joined' && frame.ref === -1 && !frame.more) return { ready: true };
    if (frame.type === 'ack') return { acked: frame.ref! };
    if (frame.type === 'error') return { refused: line };
    return {};
  },
  send: (n, room, content) =>
    JSON.stringify({ type: 'send', room, clientId: `c${content.slice(1, 13)}`, content, ref: n }),
  delivers: (bytes, start) => bytes[start + '{"type":"message.'.length] === 'c'.charCodeAt(0),
};

const socketio: Dialect = {
  path: () => '/socket.io/?EIO=4&transport=websocket',
  headers: noHeaders,
  hello: undefined,
  react(line, room) {
    if (line.startsWith('0')) return { send: '40' };
    if (line === '2') return { send: '3' };
    if (line.startsWith('40')) return { send: `420${JSON.stringify(['join', room])}` };
    if (line.startsWith('430[')) return { ready: true };
    const ack = /^43(\d+)\[/.exec(line);
    if (ack) return { acked: Number(ack[1]) - 1 };
    return line.startsWith('44') ? { refused: line } : {};
  },
  // The acknowledgement of the join has the number 0.
  send: (n, _room, text) => `42${n + 1}${JSON.stringify(['message', text])}`,
  delivers: always,
};

const centrifugo: Dialect = {
  path: () => '/connection/websocket',
  headers: noHeaders,
  hello: '{"id":1,"connect":{}}',
  react(line, room) {
    if (line === '{}') return { send: '{}' };
    const reply = JSON.parse(line) as { id?: number; error?: unknown };
    if (reply.error !== undefined) return { refused: line };
    if (reply.id === 1) return { send: JSON.stringify({ id: 2, subscribe: { channel: room } }) };
    if (reply.id === 2) return { ready: true };
    return reply.id === undefined ? {} : { acked: reply.id - 3 };
  },
  send: (n, channel, text) => JSON.stringify({ id: n + 3, publish: { channel, data: { text } } }),
  delivers: always,
};

const tutorial: Dialect = {
  path: (room, user) => `/ws/${room}/${user}`,
  headers: noHeaders,
  hello: undefined,
  react(line) {
    const frame = JSON.parse(line) as { ready?: boolean; ack?: number };
    if (frame.ready) return { ready: true };
    return frame.ack === undefined ? {} : { acked: frame.ack };
  },
  send: (n, _room, text) => JSON.stringify({ n, text }),
  delivers: always,
};

export const DIALECTS: Record<DialectName, Dialect> = { parley, socketio, centrifugo, tutorial };
