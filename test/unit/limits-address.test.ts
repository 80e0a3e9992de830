import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { ConfigError, readConfig } from '../../src/config.ts';
import { createClientAddress, networkOf } from '../../src/front/client-address.ts';

const SECRET = 'a secret that is at least 32 bytes long';
const trustOf = (value: string) => readConfig({ AUTH_SECRET: SECRET, TRUST_PROXY: value }).trustProxy;

/** As much of a request as the address is read from. */
function request(peer: string, forwardedFor?: string, proto?: string): IncomingMessage {
  return {
    socket: { remoteAddress: peer },
    headers: {
      ...(forwardedFor === undefined ? {} : { 'x-forwarded-for': forwardedFor }),
      ...(proto === undefined ? {} : { 'x-forwarded-proto': proto }),
    },
  } as unknown as IncomingMessage;
}

describe('the address of a client', () => {
  it('is the peer, whatever was forwarded, where nobody is trusted', () => {
    const address = createClientAddress(undefined);
    assert.equal(address.of(request('203.0.113.9', '198.51.100.1')), '203.0.113.9');
    assert.equal(address.of(request('::ffff:203.0.113.9')), '203.0.113.9');
    assert.equal(address.schemeOf(request('127.0.0.1', undefined, 'https')), 'http');
    assert.equal(address.isLocal(request('127.0.0.1', '198.51.100.1')), true);
  });

  it('is as many hops back as there are proxies', () => {
    const one = createClientAddress(trustOf('1'));
    assert.equal(one.of(request('10.0.0.1', '6.6.6.6, 198.51.100.1')), '198.51.100.1', 'not what it claimed');
    assert.equal(one.of(request('10.0.0.1')), '10.0.0.1');
    const two = createClientAddress(trustOf('2'));
    assert.equal(two.of(request('10.0.0.1', '6.6.6.6, 198.51.100.1, 10.0.0.2')), '198.51.100.1');
    assert.equal(one.schemeOf(request('10.0.0.1', undefined, 'https')), 'https');
    assert.equal(one.isLocal(request('127.0.0.1', '198.51.100.1')), false);
  });

  it('is the first that is no trusted proxy, where their networks are given', () => {
    const address = createClientAddress(trustOf('loopback, 10.0.0.0/8, 2001:db8::/32'));
    assert.equal(address.of(request('127.0.0.1', '6.6.6.6, 198.51.100.1, 10.3.2.1')), '198.51.100.1');
    assert.equal(address.of(request('203.0.113.9', '198.51.100.1')), '203.0.113.9', 'a stranger forwards');
    assert.equal(address.schemeOf(request('203.0.113.9', undefined, 'https')), 'http');
    assert.equal(address.of(request('2001:db8::1', '[2001:41d0::7]:4711')), '2001:41d0::7');
    assert.equal(address.of(request('10.0.0.1', '198.51.100.1:5000')), '198.51.100.1');
    assert.equal(address.of(request('10.0.0.1', '198.51.100.1, nonsense')), '10.0.0.1');
  });

  it('counts as its /64 where it is IPv6', () => {
    assert.equal(networkOf('198.51.100.1'), '198.51.100.1');
    assert.equal(networkOf('2001:db8:1:2:3:4:5:6'), '2001:db8:1:2::/64');
    assert.equal(networkOf('2001:0DB8::5'), '2001:db8:0:0::/64');
    assert.equal(networkOf('::1'), '0:0:0:0::/64');
    assert.equal(networkOf('fe80::1%eth0'), 'fe80:0:0:0::/64');
    assert.equal(networkOf('2001:db8:1:2::1.2.3.4'), '2001:db8:1:2::/64');
    assert.equal(networkOf('2001:db8:1:2:3::'), '2001:db8:1:2::/64');
  });
});

describe('TRUST_PROXY', () => {
  it('is nobody unless it is given', () => {
    assert.equal(trustOf(''), undefined);
    assert.equal(trustOf('0'), undefined);
  });
  for (const wrong of [
    'yes',
    'true',
    '10.0.0.0/33',
    '10.0.0.0/0',
    '10.0.0/8',
    '1, 2',
    '1.5',
    '::1/129',
    '10.0.0.1/8/8',
  ]) {
    it(`refuses ${wrong}`, () => {
      assert.throws(
        () => trustOf(wrong),
        error => error instanceof ConfigError && error.message.startsWith('TRUST_PROXY'),
      );
    });
  }
});
