/** Bit FIN with opcode 1: a whole text message in one frame (RFC 6455, section 5.2). */
const WHOLE_TEXT = 0x81;

/**
 * A server's text frame, header and payload in one Buffer, as RFC 6455 section 5.2 has it: not masked, not
 * compressed. A room's members share it, where ws would encode the same text for each of them.
 */
export function encodeText(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const head = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const frame = Buffer.allocUnsafe(head + length);
  frame[0] = WHOLE_TEXT;
  if (head === 2) frame[1] = length;
  else if (head === 4) {
    frame[1] = 126;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = 127;
    frame.writeUInt32BE(0, 2);
    frame.writeUInt32BE(length, 6);
  }
  frame.write(text, head, 'utf8');
  return frame;
}
