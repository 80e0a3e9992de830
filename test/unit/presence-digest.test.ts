import assert from 'node:assert/strict';
import { createPresenceDigest, isPresence } from '../../src/rooms/presence-digest.ts';
import { until } from '../support/until.ts';

describe('presence digest', () => {
  const frame = (joined: string[], left: string[], members: number) =>
    JSON.stringify({ type: 'presence', room: 'r', joined, left, members });

  it('tells in one frame what came within a moment, and nothing of who came and went within it', async () => {
    const told: string[] = [];
    const digest = createPresenceDigest(one => told.push(one));
    digest.add(frame(['ann'], [], 1));
    digest.add(frame(['bob'], [], 2));
    digest.add(frame(['cleo'], ['ann'], 2));
    await until('the digest', () => told.length === 1);
    assert.deepEqual(JSON.parse(told[0]!), {
      type: 'presence',
      room: 'r',
      joined: ['bob', 'cleo'],
      left: [],
      members: 2,
    });
    digest.add(frame([], ['bob'], 1));
    await until('the next', () => told.length === 2);
    assert.deepEqual(JSON.parse(told[1]!), {
      type: 'presence',
      room: 'r',
      joined: [],
      left: ['bob'],
      members: 1,
    });
  });

  it('says nothing where nothing changed', async () => {
    const told: string[] = [];
    const digest = createPresenceDigest(one => told.push(one));
    digest.add(frame(['ann'], [], 1));
    digest.add(frame([], ['ann'], 0));
    digest.add(frame(['bob'], [], 1));
    await until('the digest', () => told.length === 1);
    assert.deepEqual((JSON.parse(told[0]!) as { joined: string[] }).joined, ['bob']);
  });

  it('knows its own frames', () => {
    assert.ok(isPresence(frame([], [], 0)));
    assert.ok(!isPresence('{"type":"typing","room":"r","user":"ann"}'));
  });
});
