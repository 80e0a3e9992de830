/**
 * The codec endpoint of Temporal's UI on the admin port, for admins: `POST /codec/decode` and `/codec/encode` with
 * `{payloads: [{metadata, data}]}`, both base64, answer the same with each payload opened or sealed. By bearer,
 * which the UI passes on over https alone, or by the session cookie, which it sends where one ticks "include
 * cross-origin credentials". A browser may call from the UI's own origin and from no other.
 */
import type { Express, Request, Response } from 'express';
import { isRefusal, type Refusal, refuse, Unopenable } from '../errors.ts';
import type { Caller } from './auth.ts';
import { createBodyReader } from './body.ts';
import { createCors } from './cors.ts';
import type { Answer, Endpoints } from './endpoint.ts';
import { isObject } from './fields.ts';
import type { Origins } from './origins.ts';
import { createSignInPage } from './sign-in-page.ts';

type Payload = { metadata?: Record<string, Uint8Array> | null; data?: Uint8Array | null };
/** Throws Unopenable. */
export type Codec = Record<'encode' | 'decode', (payloads: Payload[]) => Promise<Payload[]>>;
/** The endpoints and origins are the UI's own, not those of the other calls. */
export type CodecDeps = { codec: Codec; endpoints: Endpoints; origins: Origins };

export const CODEC_PATH = '/codec';
const SIGN_IN = '/codec-sign-in';
/** A batch at its largest, encrypted and as base64. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;
const MAX_PAYLOADS = 1_000;
/** What the UI sends beside what other pages send. */
const UI_HEADERS = 'Authorization, Authorization-Extras, Content-Type, X-Namespace';
const SIGNED_IN = `You are signed in. In Temporal's UI give this address as the codec server,
and tick "Include cross-origin credentials".\n`;

export function mountCodec(
  app: Express,
  { codec, endpoints, origins, admins }: CodecDeps & { admins: Endpoints },
): void {
  const readBody = createBodyReader(MAX_BODY_BYTES);

  const call =
    (convert: Codec['encode']) =>
    async (request: Request, response: Response, { identity }: Caller): Promise<Answer | Refusal> => {
      if (!identity.roles.includes('admin')) return refuse('forbidden');
      const body = await readBody(request, response);
      if (isRefusal(body)) return body;
      const given = payloadsOf(body.payloads);
      if (isRefusal(given)) return given;
      const payloads: object[] = [];
      for (const [i, payload] of given.entries()) {
        try {
          payloads.push(...(await convert([payload])).map(written));
        } catch (error) {
          if (!(error instanceof Unopenable)) throw error;
          return refuse('invalid_field', { path: `payloads[${i}]`, message: `${error.message}.` });
        }
      }
      return { body: { payloads } };
    };

  app.use(CODEC_PATH, createCors(origins, UI_HEADERS));
  app.post(`${CODEC_PATH}/encode`, endpoints.signedIn(call(codec.encode)));
  app.post(`${CODEC_PATH}/decode`, endpoints.signedIn(call(codec.decode)));
  app.get(SIGN_IN, createSignInPage({ title: 'Parley: codec', to: CODEC_PATH }));
  app.get(CODEC_PATH, admins.admitting('admin', SIGN_IN), (_request, response) => {
    response.type('text').send(SIGNED_IN);
  });
}

function payloadsOf(value: unknown): Payload[] | Refusal {
  if (!Array.isArray(value)) return refuse('invalid_field', { path: 'payloads' });
  if (value.length > MAX_PAYLOADS) return refuse('payload_too_large');
  const wrong = value.findIndex(one => !isWritten(one));
  if (wrong >= 0) return refuse('invalid_field', { path: `payloads[${wrong}]` });
  return (value as Written[]).map(({ metadata, data }) => ({
    metadata: Object.fromEntries(Object.entries(metadata ?? {}).map(([name, text]) => [name, bytes(text)])),
    ...(typeof data === 'string' ? { data: bytes(data) } : {}),
  }));
}

/** A payload as Temporal writes it in JSON. */
type Written = { metadata?: Record<string, string> | null; data?: string | null };

function isWritten(value: unknown): value is Written {
  if (!isObject(value)) return false;
  const { metadata, data } = value;
  const named = metadata == null || (isObject(metadata) && Object.values(metadata).every(isText));
  return named && (data == null || isText(data));
}

const isText = (value: unknown) => typeof value === 'string';
const bytes = (base64: string) => Buffer.from(base64, 'base64');

function written({ metadata, data }: Payload): Written {
  const base64 = (value: Uint8Array) => Buffer.from(value).toString('base64');
  return {
    metadata: Object.fromEntries(
      Object.entries(metadata ?? {}).map(([name, value]) => [name, base64(value)]),
    ),
    ...(data == null ? {} : { data: base64(data) }),
  };
}
