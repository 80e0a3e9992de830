import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

type Lockfile = { packages: Record<string, { version?: string; resolved?: string; link?: boolean }> };

const lockfile = JSON.parse(
  readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8'),
) as Lockfile;

/** Every place in the tree where a package of this name is installed, with its version. */
function installed(name: string): { path: string; version: string }[] {
  return Object.entries(lockfile.packages)
    .filter(([path]) => path === `node_modules/${name}` || path.endsWith(`/node_modules/${name}`))
    .map(([path, { version = '' }]) => ({ path, version }));
}

function atLeast(version: string, floor: string): boolean {
  const [have, want] = [version, floor].map(text => text.split('-')[0]!.split('.').map(Number));
  for (const [i, part] of want!.entries()) {
    if (have![i] !== part) return (have![i] ?? 0) > part;
  }
  return true;
}

describe('the lockfile', () => {
  it('compares versions by number', () => {
    assert(atLeast('8.21.1', '8.21.1') && atLeast('8.100.0', '8.21.1') && atLeast('9.0.0', '8.21.1'));
    assert(!atLeast('8.21.0', '8.21.1') && !atLeast('7.99.99', '8.21.1') && !atLeast('8.3.0', '8.21.1'));
  });

  it('has no ws with known holes, also not below another package', () => {
    const found = installed('ws');
    assert(found.length > 0);
    for (const { path, version } of found) assert(atLeast(version, '8.21.1'), `${path} is ${version}`);
  });

  it('has no jws with known holes', () => {
    for (const { path, version } of installed('jws'))
      assert(atLeast(version, '3.2.3'), `${path} is ${version}`);
  });

  it('names no registry: npm ci takes each package from the one that is configured', () => {
    const named = Object.entries(lockfile.packages).filter(([, { resolved, link }]) => resolved && !link);
    assert.deepEqual(named, []);
  });
});
