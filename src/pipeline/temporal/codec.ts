/**
 * What stands between Temporal and what we give it: each payload, whole, sealed as the data of another one whose
 * encoding is `binary/encrypted`. Of our own process alone; nothing of it is part of the workflow bundle.
 */
import type { Payload, PayloadCodec } from '@temporalio/common';
import proto from '@temporalio/proto';
import { Unopenable } from '../../errors.ts';
import { createCipher, type PayloadKey } from '../cipher.ts';

const { Payload: Wire } = proto.temporal.api.common.v1;
const ENCODING = 'binary/encrypted';
/** Names of a payload's metadata. */
const ENCODING_NAME = 'encoding';
const KEY_NAME = 'encryption-key-id';

/**
 * Without keys payloads go out as they are; what is not encrypted is read as it is, whatever the keys. `decode`
 * throws Unopenable where one is encrypted and cannot be opened: never does it pass for something else.
 */
export function createPayloadCodec(keys: readonly PayloadKey[]): PayloadCodec {
  const { seal, open } = createCipher(keys);

  function encode(payload: Payload): Payload {
    if (seal === undefined || encodingOf(payload) === ENCODING) return payload;
    const { keyId, bytes } = seal(Wire.encode(payload).finish());
    return {
      metadata: { [ENCODING_NAME]: Buffer.from(ENCODING), [KEY_NAME]: Buffer.from(keyId) },
      data: bytes,
    };
  }

  function decode(payload: Payload): Payload {
    if (encodingOf(payload) !== ENCODING) return payload;
    const keyId = textOf(payload.metadata?.[KEY_NAME]);
    const plain = open({ keyId, bytes: payload.data ?? new Uint8Array() });
    try {
      return Wire.decode(plain);
    } catch {
      throw new Unopenable('what was encrypted is no payload');
    }
  }

  return {
    encode: async payloads => payloads.map(encode),
    decode: async payloads => payloads.map(decode),
  };
}

const textOf = (bytes: Uint8Array | null | undefined) => Buffer.from(bytes ?? []).toString();
const encodingOf = ({ metadata }: Payload) => textOf(metadata?.[ENCODING_NAME]);
