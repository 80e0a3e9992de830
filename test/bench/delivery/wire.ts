/**
 * A WebSocket client that costs next to nothing: all contenders' drivers use this one, so that what they need of
 * the machine is alike and the cores are left to the servers. Text frames in one piece, as all of them send.
 */
import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';

export type Wire = { send(text: string): void; close(): void };

type Options = {
  url: URL;
  headers: Record<string, string>;
  /** A text frame: the bytes from `start` to `end` are valid during the call alone. */
  onText(bytes: Buffer, start: number, end: number): void;
  /** The peer closed, or the line broke. */
  onClose(why: string): void;
};

const CONNECT_TIMEOUT_MS = 20_000;
const MAX_FRAME_BYTES = 4 * 1_048_576;
const TEXT = 1;
const CLOSE = 8;
const PING = 9;
const PONG = 10;
/** All sockets of a process are read into one buffer, one after the other. */
const READ_BYTES = 262_144;

/** Opens sockets that share a read buffer. `open` resolves after the 101; rejects on any other answer. */
export function createWires() {
  const shared = Buffer.allocUnsafe(READ_BYTES);
  return { open: (options: Options) => openWire(shared, options) };
}

function openWire(shared: Buffer, { url, headers, onText, onClose }: Options): Promise<Wire> {
  return new Promise((resolve, reject) => {
    let rest: Buffer = Buffer.alloc(0);
    let upgraded = false;
    let ended = false;
    const end = (why: string) => {
      if (ended) return;
      ended = true;
      clearTimeout(timer);
      socket.destroy();
      if (upgraded) onClose(why);
      else reject(new Error(`${url.href}: ${why}`));
    };
    const timer = setTimeout(() => end('no upgrade in time'), CONNECT_TIMEOUT_MS);

    function greet(bytes: Buffer): Buffer | undefined {
      const at = bytes.indexOf('\r\n\r\n');
      if (at < 0) return undefined;
      const head = bytes.toString('latin1', 0, at);
      if (!head.startsWith('HTTP/1.1 101')) {
        end(head.split('\r\n')[0]!);
        return undefined;
      }
      upgraded = true;
      clearTimeout(timer);
      resolve({ send: text => socket.write(frame(TEXT, Buffer.from(text))), close: () => end('closed') });
      return bytes.subarray(at + 4);
    }
    function read(bytes: Buffer) {
      let from = 0;
      while (!ended) {
        const found = headerAt(bytes, from);
        if (found === undefined || found.end > bytes.length) break;
        const { opcode, start, end: to } = found;
        if (opcode === TEXT) onText(bytes, start, to);
        else if (opcode === PING) socket.write(frame(PONG, Buffer.from(bytes.subarray(start, to))));
        else if (opcode === CLOSE) end(`closed with ${to > start ? bytes.readUInt16BE(start) : 1005}`);
        else if (opcode !== PONG) end(`a frame of kind ${opcode}`);
        from = to;
      }
      // The shared buffer is overwritten by the next read.
      rest = from < bytes.length ? Buffer.from(bytes.subarray(from)) : Buffer.alloc(0);
      if (rest.length > MAX_FRAME_BYTES) end('a frame that is too big');
    }
    const socket: Socket = connect({
      host: url.hostname,
      port: Number(url.port),
      noDelay: true,
      onread: {
        buffer: shared,
        callback(length, buffer) {
          const fresh = Buffer.from(buffer.buffer, buffer.byteOffset, length);
          const bytes = rest.length === 0 ? fresh : Buffer.concat([rest, fresh]);
          if (upgraded) read(bytes);
          else {
            const after = greet(bytes);
            if (after === undefined) rest = Buffer.from(bytes);
            // The listener of the resolved promise runs after this; nothing is lost, for onText is set already.
            else read(after);
          }
          return !ended;
        },
      },
    });
    socket.once('connect', () => socket.write(request(url, headers)));
    socket.once('error', error => end(error.message));
    socket.once('close', () => end('the line broke'));
  });
}

function request(url: URL, headers: Record<string, string>): string {
  const all = {
    Host: url.host,
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `GET ${url.pathname}${url.search} HTTP/1.1\r\n${lines.join('')}\r\n`;
}

/** A client's frame must be masked; a key of zeros leaves the bytes as they are. */
function frame(opcode: number, payload: Buffer): Buffer {
  const short = payload.length < 126;
  const head = Buffer.alloc(short ? 6 : 8);
  head[0] = 0x80 | opcode;
  head[1] = 0x80 | (short ? payload.length : 126);
  if (!short) head.writeUInt16BE(payload.length, 2);
  return Buffer.concat([head, payload]);
}

/** The frame that begins at `from`: its kind and where its payload lies; undefined while that is not known. */
function headerAt(bytes: Buffer, from: number) {
  if (bytes.length < from + 2) return undefined;
  // A frame in pieces has no FIN bit: it is taken as one of kind 0, which ends the connection.
  const opcode = bytes[from]! & 0x80 ? bytes[from]! & 0x0f : 0;
  const short = bytes[from + 1]! & 0x7f;
  if (short < 126) return { opcode, start: from + 2, end: from + 2 + short };
  if (short === 126) {
    if (bytes.length < from + 4) return undefined;
    return { opcode, start: from + 4, end: from + 4 + bytes.readUInt16BE(from + 2) };
  }
  if (bytes.length < from + 10) return undefined;
  return { opcode, start: from + 10, end: from + 10 + Number(bytes.readBigUInt64BE(from + 2)) };
}
