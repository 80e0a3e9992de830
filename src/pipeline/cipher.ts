/**
 * What engines store of messages, sealed: AES-256-GCM under one of the keys of PAYLOAD_KEY. The first key seals, all
 * of them open, so that keys can be changed while runs go on. A nonce is random, 96 bits: a key is good for 2^32
 * payloads. Its name is bound to what it sealed.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { Unopenable } from '../errors.ts';

export type PayloadKey = { id: string; key: Buffer };
/** `bytes` is nonce, tag and text. */
export type Sealed = { keyId: string; bytes: Uint8Array };
export type Cipher = ReturnType<typeof createCipher>;

const ALGORITHM = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** `seal` is absent where there is no key. `open` throws Unopenable. */
export function createCipher(keys: readonly PayloadKey[]) {
  const byId = new Map(keys.map(({ id, key }) => [id, key]));
  const [first] = keys;
  return {
    ...(first === undefined ? {} : { seal: (plain: Uint8Array) => seal(first, plain) }),
    open({ keyId, bytes }: Sealed): Buffer {
      const key = byId.get(keyId);
      if (key === undefined) {
        throw new Unopenable(`this payload is encrypted with the key "${keyId}", which PAYLOAD_KEY lacks`);
      }
      return open({ id: keyId, key }, bytes);
    },
  };
}

function seal({ id, key }: PayloadKey, plain: Uint8Array): Sealed {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(Buffer.from(id));
  const text = [cipher.update(plain), cipher.final()];
  return { keyId: id, bytes: Buffer.concat([nonce, cipher.getAuthTag(), ...text]) };
}

function open({ id, key }: PayloadKey, bytes: Uint8Array): Buffer {
  const unopenable = new Unopenable(`this payload is damaged, or "${id}" is not the key that it names so`);
  if (bytes.length < NONCE_BYTES + TAG_BYTES) throw unopenable;
  const nonce = bytes.subarray(0, NONCE_BYTES);
  const decipher = createDecipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.from(id));
  decipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]);
  } catch {
    throw unopenable;
  }
}
