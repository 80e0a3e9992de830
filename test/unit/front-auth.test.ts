import assert from 'node:assert/strict';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  base64url,
  exportJWK,
  exportSPKI,
  generateKeyPair,
  type JWTPayload,
  SignJWT,
  UnsecuredJWT,
} from 'jose';
import { type AuthConfig, readConfig } from '../../src/config.ts';
import { isRefusal, Unavailable } from '../../src/errors.ts';
import { createAuth, queryOf } from '../../src/front/auth.ts';
import { covers, identityOf } from '../../src/front/identity.ts';
import { createOrigins } from '../../src/front/origins.ts';
import { createTokenVerifier } from '../../src/front/token.ts';

const SECRET = 'a secret of the tests, long enough for HS256';
const now = () => Math.floor(Date.now() / 1_000);
const configOf = (env: Record<string, string>): AuthConfig => readConfig(env).auth;
const claims = (more: JWTPayload = {}): JWTPayload => ({ sub: 'ann', exp: now() + 60, ...more });

function hs256(payload: JWTPayload, secret = SECRET) {
  return new SignJWT(payload).setProtectedHeader({ alg: 'HS256' }).sign(new TextEncoder().encode(secret));
}

async function codeOf(verify: ReturnType<typeof createTokenVerifier>, token: string) {
  const answer = await verify(token);
  return isRefusal(answer) ? answer.refused : 'ok';
}

describe('a token signed with AUTH_SECRET', () => {
  const verify = createTokenVerifier(configOf({ AUTH_SECRET: SECRET }));

  it('gives the identity that its claims say', async () => {
    const exp = now() + 60;
    const token = await hs256({ sub: 'ann', exp, name: 'Ann', roles: ['moderator'], rooms: ['a', 'b*'] });
    assert.deepEqual(await verify(token), {
      user: 'ann',
      name: 'Ann',
      roles: ['moderator'],
      rooms: ['a', 'b*'],
      expiresAt: exp * 1_000,
      moderator: true,
    });
  });

  it('is refused when it is malformed, unsigned, changed or signed by others', async () => {
    const good = await hs256(claims());
    const [head, body, signature] = good.split('.');
    const forged = base64url.encode(JSON.stringify(claims({ sub: 'root' })));
    const none = new UnsecuredJWT(claims()).encode();
    const tokens = [
      '',
      'x',
      'a.b.c',
      none,
      `${none}x`,
      `${head}.${forged}.${signature}`,
      `${head}.${body}.`,
      await hs256(claims(), `another ${SECRET}`),
      await new SignJWT(claims())
        .setProtectedHeader({ alg: 'HS512' })
        .sign(new TextEncoder().encode(SECRET.repeat(2))),
    ];
    for (const token of tokens) assert.equal(await codeOf(verify, token), 'token_invalid', token);
    assert.equal(await codeOf(verify, good), 'ok');
  });

  it('needs sub and exp, is not good before nbf, and has an end of its own code', async () => {
    assert.equal(await codeOf(verify, await hs256({ sub: 'ann' })), 'token_invalid');
    assert.equal(await codeOf(verify, await hs256({ exp: now() + 60 })), 'token_invalid');
    assert.equal(await codeOf(verify, await hs256(claims({ nbf: now() + 60 }))), 'token_invalid');
    assert.equal(await codeOf(verify, await hs256(claims({ exp: now() - 1 }))), 'token_expired');
  });

  it('is expired only where it is also ours', async () => {
    const foreign = await hs256(claims({ exp: now() - 1 }), `another ${SECRET}`);
    assert.equal(await codeOf(verify, foreign), 'token_invalid');
  });

  it('must name the issuer and the audience where these are set', async () => {
    const strict = createTokenVerifier(
      configOf({ AUTH_SECRET: SECRET, AUTH_ISSUER: 'me', AUTH_AUDIENCE: 'parley' }),
    );
    assert.equal(await codeOf(strict, await hs256(claims({ iss: 'me', aud: 'parley' }))), 'ok');
    for (const wrong of [
      {},
      { iss: 'me' },
      { aud: 'parley' },
      { iss: 'you', aud: 'parley' },
      { iss: 'me', aud: 'x' },
    ]) {
      assert.equal(await codeOf(strict, await hs256(claims(wrong))), 'token_invalid');
    }
  });

  it('with a claim of a wrong shape is refused', async () => {
    const wrong: Record<string, unknown>[] = [
      { sub: '' },
      { sub: 'a b' },
      { sub: 'a'.repeat(65) },
      { name: '' },
      { name: 5 },
      { name: 'x'.repeat(129) },
      { name: 'a\0' },
      { name: '\ud83d' },
      { roles: 'admin' },
      { roles: [1] },
      { rooms: 'a' },
      { rooms: [null] },
      { exp: 9e12 },
    ];
    for (const claim of wrong) {
      assert.equal(await codeOf(verify, await hs256(claims(claim))), 'token_invalid', JSON.stringify(claim));
    }
    assert.equal(await codeOf(verify, await hs256(claims({ name: '😀'.repeat(128) }))), 'ok');
  });
});

describe('a token signed with a key of AUTH_JWKS_URL', () => {
  let jwksUrl: string;
  let close: () => void;
  let rsa: Awaited<ReturnType<typeof generateKeyPair>>;
  let verify: ReturnType<typeof createTokenVerifier>;

  before(async () => {
    rsa = await generateKeyPair('RS256');
    const ed = await generateKeyPair('EdDSA');
    const keys = [
      { ...(await exportJWK(rsa.publicKey)), kid: 'rsa', alg: 'RS256' },
      { ...(await exportJWK(ed.publicKey)), kid: 'ed', alg: 'EdDSA' },
    ];
    const server = createServer((_request, response) => response.end(JSON.stringify({ keys })));
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    jwksUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`;
    close = () => server.close();
    verify = createTokenVerifier(configOf({ AUTH_JWKS_URL: jwksUrl }));
  });
  after(() => close());

  const rs256 = (kid: string) =>
    new SignJWT(claims()).setProtectedHeader({ alg: 'RS256', kid }).sign(rsa.privateKey);

  it('is taken where the key is in the set', async () => {
    assert.equal(await codeOf(verify, await rs256('rsa')), 'ok');
    assert.equal(await codeOf(verify, await rs256('unknown')), 'token_invalid');
  });

  it('cannot be forged by taking the public key for a secret', async () => {
    const publicKey = await exportSPKI(rsa.publicKey);
    assert.equal(await codeOf(verify, await hs256(claims(), publicKey)), 'token_invalid');
    const both = createTokenVerifier(configOf({ AUTH_JWKS_URL: jwksUrl, AUTH_SECRET: SECRET }));
    assert.equal(await codeOf(both, await hs256(claims(), publicKey)), 'token_invalid');
    assert.equal(await codeOf(both, await hs256(claims())), 'ok');
    assert.equal(await codeOf(both, await rs256('rsa')), 'ok');
  });

  it('is refused where only AUTH_SECRET is configured', async () => {
    const secretAlone = createTokenVerifier(configOf({ AUTH_SECRET: SECRET }));
    assert.equal(await codeOf(secretAlone, await rs256('rsa')), 'token_invalid');
  });

  it('cannot be judged while the key set cannot be had: Unavailable, not the caller’s fault', async () => {
    const away = createTokenVerifier(configOf({ AUTH_JWKS_URL: 'http://127.0.0.1:1/keys' }));
    await assert.rejects(away(await rs256('rsa')), Unavailable);
  });
});

describe('the rooms of a token', () => {
  const may = (rooms: string[] | undefined, room: string) => {
    const identity = identityOf({ sub: 'a', exp: now() + 1, ...(rooms === undefined ? {} : { rooms }) });
    return covers(identity!, room);
  };
  it('are all where it names none, and none where the list is empty', () => {
    assert.ok(may(undefined, 'any'));
    assert.ok(!may([], 'any'));
  });
  it('are names and prefixes', () => {
    assert.ok(may(['a', 'team-*'], 'a'));
    assert.ok(may(['a', 'team-*'], 'team-1'));
    assert.ok(may(['*'], 'any'));
    for (const room of ['ab', 'team', 'xteam-1', 'b']) assert.ok(!may(['a', 'team-*'], room), room);
  });
});

describe('an Origin', () => {
  const request = (host?: string) => ({ headers: { host } }) as IncomingMessage;
  const origins = createOrigins({
    allowed: ['https://app.example', 'http://x.example:81/'],
    schemeOf: () => 'http',
  });

  it('is allowed when it is the own one or on the list', () => {
    const allowed: [string, string][] = [
      ['http://chat.example', 'chat.example'],
      ['http://chat.example', 'chat.example:80'],
      ['http://localhost:8080', 'localhost:8080'],
      ['https://app.example', 'chat.example'],
      ['http://x.example:81', 'chat.example'],
    ];
    for (const [origin, host] of allowed) assert.ok(origins.allows(request(host), origin), origin);
  });

  it('is denied when scheme, host or port differ, and when it is null or none', () => {
    const denied: [string, string | undefined][] = [
      ['https://chat.example', 'chat.example'],
      ['http://chat.example:81', 'chat.example'],
      ['http://chat.example.evil', 'chat.example'],
      ['http://evil.example', 'chat.example'],
      ['https://app.example.evil', 'chat.example'],
      ['http://app.example', 'chat.example'],
      ['null', 'chat.example'],
      ['', 'chat.example'],
      ['chat.example', 'chat.example'],
      ['http://chat.example', undefined],
    ];
    for (const [origin, host] of denied) assert.ok(!origins.allows(request(host), origin), origin);
  });
});

describe('a token in the query', () => {
  const origins = createOrigins({ allowed: [], schemeOf: () => 'http' });
  const none = async () => assert.fail('asked');
  const tickets = { issue: none, redeem: none };
  const auth = createAuth({ verify: none, tickets, origins });
  const refused = (url: string) => auth.refusedOutright({ url, headers: {} } as IncomingMessage)?.refused;

  it('is refused under every usual name, before anything else is looked at', () => {
    const names = [
      'token',
      'access_token',
      'accessToken',
      'id_token',
      'jwt',
      'auth',
      'Authorization',
      'bearer',
    ];
    for (const name of names) assert.equal(refused(`/v1/ws?a=1&${name}=x`), 'token_in_query', name);
  });

  it('is known by its looks under any other name', async () => {
    const token = await hs256(claims());
    assert.equal(refused(`/v1/ws?ticket=${token}`), 'token_in_query');
    assert.equal(refused(`/v1/ws?q=Bearer%20${token}`), 'token_in_query');
    assert.equal(refused('/v1/ws?ticket=abc&before=1&q=a.b.c'), undefined);
  });

  it('does not hide behind a malformed query', () => {
    assert.equal(refused('/v1/ws?%&token'), 'token_in_query');
    assert.equal(queryOf({ url: '/x?a=%zz' } as IncomingMessage).get('a'), '%zz');
  });
});
