import assert from 'node:assert/strict';
import { compilePolicy, inherit } from '../../src/moderation/policy/compile.ts';
import { DEFAULT_POLICY } from '../../src/moderation/policy/default.ts';
import { parsePolicy } from '../../src/moderation/policy/parse.ts';
import type { Policy, Rule } from '../../src/moderation/policy/types.ts';

const policyOf = (...rules: unknown[]) => ({ schema: 1, rules });
const words = (id: string, ...list: string[]): Rule => ({ id, type: 'words', words: list, action: 'mask' });
function errorsOf(json: unknown): string[] {
  const parsed = parsePolicy(json);
  return 'errors' in parsed ? parsed.errors.map(({ path, message }) => `${path}: ${message}`) : [];
}
const pathsOf = (json: unknown) => errorsOf(json).map(line => line.slice(0, line.indexOf(':')));

describe('a policy as JSON', () => {
  it('takes the default policy, and one with nothing in it', () => {
    assert.deepEqual(errorsOf(JSON.parse(JSON.stringify(DEFAULT_POLICY))), []);
    assert.deepEqual(errorsOf({ schema: 1, rules: [], off: ['a'], release: { mode: 'live' } }), []);
  });

  it('tells the path of everything that is wrong, and a sentence', () => {
    const cases: [json: unknown, ...paths: string[]][] = [
      [null, ''],
      [[], ''],
      [{ schema: 2, rules: [] }, 'schema'],
      [{ rules: 5 }, 'schema', 'rules'],
      [{ schema: 1, rules: [], extra: 1 }, 'extra'],
      [policyOf(7), 'rules[0]'],
      [policyOf({ id: 'a', type: 'nonsense', action: 'mask' }), 'rules[0].type'],
      [policyOf({ id: 'A b', type: 'length', above: 1, action: 'mask' }), 'rules[0].id'],
      [policyOf({ id: 'a', type: 'length', above: 1, action: 'delete' }), 'rules[0].action'],
      [policyOf({ id: 'a', type: 'length', above: 0.5, action: 'mask' }), 'rules[0].above'],
      [policyOf({ id: 'a', type: 'words', words: ['x', ''], action: 'mask' }), 'rules[0].words[1]'],
      [policyOf({ id: 'a', type: 'words', words: ['!!'], action: 'mask' }), 'rules[0].words[0]'],
      [policyOf({ id: 'a', type: 'links', deny: ['http://x.y'], action: 'mask' }), 'rules[0].deny[0]'],
      [policyOf({ id: 'a', type: 'except', words: ['x'], action: 'mask' }), 'rules[0].action'],
      [
        policyOf({
          id: 'a',
          type: 'spam',
          above: 0.5,
          action: 'flag',
          escalate: { above: 2, action: 'block' },
        }),
        'rules[0].escalate.above',
      ],
      [
        policyOf({ id: 'a', type: 'flood', above: 5, windowSeconds: 86_400, action: 'flag' }),
        'rules[0].windowSeconds',
      ],
      [policyOf(words('a', 'x'), words('a', 'y')), 'rules[1].id'],
      [{ schema: 1, rules: [], release: { mode: 'later' } }, 'release.mode'],
      [
        policyOf({ id: 'a', type: 'provider', category: '_hidden', above: 0.5, action: 'flag' }),
        'rules[0].category',
      ],
      [policyOf({ id: 'a', type: 'provider', category: 'hate', above: 5, action: 'flag' }), 'rules[0].above'],
      [policyOf(words('provider/unavailable', 'x')), 'rules[0].id'],
      [{ schema: 1, rules: [], provider: { whenDown: 'maybe' } }, 'provider.whenDown'],
      [{ schema: 1, rules: [], provider: {} }, 'provider.whenDown'],
    ];
    for (const [json, ...paths] of cases) assert.deepEqual(pathsOf(json), paths, JSON.stringify(json));
    assert.match(errorsOf({ schema: 2, rules: [] })[0]!, /Give 1/);
  });

  it('refuses patterns that are not linear, match nothing, or are too large alone or together', () => {
    const pattern = (id: string, text: string) => ({ id, type: 'pattern', pattern: text, action: 'flag' });
    for (const text of [
      '(a)\\1',
      '(?=a)b',
      '(?<!x)y',
      '(',
      'a*',
      '',
      '(?:ab?){100}',
      'x{1000}',
      'x{60}y{60}',
      'x{101,}',
      'a'.repeat(201),
    ]) {
      assert.deepEqual(pathsOf(policyOf(pattern('a', text))), ['rules[0].pattern'], text);
    }
    assert.deepEqual(errorsOf(policyOf(pattern('a', '(a+)+$'))), []);
    const many = Array.from({ length: 5 }, (_, i) => pattern(`p${i}`, '[a-f]x{30}y'));
    assert.deepEqual(pathsOf(policyOf(...many)), ['rules']);
  });

  it('refuses more words than a policy may hold, in one list or in many', () => {
    const list = Array.from({ length: 3_000 }, (_, i) => `word${i}`);
    assert.deepEqual(pathsOf(policyOf(words('a', ...list), words('b', ...list))), ['rules']);
  });

  it('never tells more than twenty errors', () => {
    assert.equal(errorsOf(policyOf(...Array.from({ length: 90 }, () => ({})))).length, 20);
  });
});

describe('what a room inherits', () => {
  const base: Policy = {
    schema: 1,
    rules: [words('a', 'x'), words('b', 'y'), words('c', 'z')],
    release: { mode: 'inline' },
  };
  const whole = (room: Policy, from = base) => {
    const inherited = inherit(room, from);
    assert.ok('policy' in inherited);
    return inherited.policy;
  };

  it('replaces rules by their id in place, adds its own, and leaves out what is off', () => {
    const { rules, release } = whole({
      schema: 1,
      rules: [words('b', 'other'), words('d', 'w')],
      off: ['c'],
    });
    assert.deepEqual(rules, [words('a', 'x'), words('b', 'other'), words('d', 'w')]);
    assert.deepEqual(release, { mode: 'inline' });
  });

  it('releases in its own way where it says one', () => {
    assert.deepEqual(whole({ schema: 1, rules: [], release: { mode: 'live' } }).release, { mode: 'live' });
  });

  it('does without scores in its own way where it says one, else as the default says', () => {
    const closed: Policy = { ...base, provider: { whenDown: 'closed' } };
    const own: Policy = { schema: 1, rules: [], provider: { whenDown: 'open' } };
    assert.deepEqual(whole({ schema: 1, rules: [] }, closed).provider, { whenDown: 'closed' });
    assert.deepEqual(whole(own, closed).provider, { whenDown: 'open' });
    assert.equal(compilePolicy(whole(own, base), 'v').whenDown, 'open');
    assert.equal(compilePolicy(base, 'v').whenDown, 'open');
  });

  it('is refused where both together are beyond the bounds', () => {
    const list = Array.from({ length: 3_000 }, (_, i) => `word${i}`);
    const large: Policy = { schema: 1, rules: [words('many', ...list)] };
    assert.ok('errors' in inherit({ schema: 1, rules: [words('more', ...list)] }, large));
  });

  it('names what its rules want fetched: each window once, and the categories', () => {
    const window = { above: 5, windowSeconds: 10, action: 'flag' } as const;
    const flood: Rule = { id: 'flood', type: 'flood', ...window };
    const rules: Rule[] = [
      ...base.rules,
      flood,
      { ...flood, id: 'strict', above: 50, action: 'block' },
      { id: 'near', type: 'repeats', near: true, ...window },
      { id: 'hate', type: 'provider', category: 'hate', above: 0.5, action: 'hold' },
    ];
    const compiled = compilePolicy({ schema: 1, rules }, 'v');
    assert.deepEqual(compiled.windows, [
      { shape: 'flood/10', type: 'flood', windowSeconds: 10, near: false, rules: ['flood', 'strict'] },
      { shape: 'repeats/10/near', type: 'repeats', windowSeconds: 10, near: true, rules: ['near'] },
    ]);
    assert.deepEqual(compiled.categories, ['hate']);
    const off = compilePolicy({ schema: 1, rules, off: ['flood', 'strict', 'near', 'hate'] }, 'v');
    assert.deepEqual([off.windows, off.categories], [[], []]);
  });
});
