import assert from 'node:assert/strict';
import fc from 'fast-check';
import { createNormaliser } from '../../src/moderation/normalise.ts';

const { fold, joinSpaced } = createNormaliser();

describe('normalising', () => {
  it('undoes each kind of disguise', () => {
    const disguises = {
      'full width': 'ｇｒａｐｅ',
      'mathematical bold': '𝐠𝐫𝐚𝐩𝐞',
      circled: 'ⓖⓡⓐⓟⓔ',
      Cyrillic: 'ɡгаре',
      Greek: 'grαρε',
      accents: 'gräpé',
      'stacked marks': 'g̃r̐a̤p̏e̓',
      'zero width': 'g\u200br\u200da\u2060p\u00ade',
      'an emoji inside': 'gra🔥pe',
      'digits and signs': '6r@p3',
      'mixed case': 'gRaPe',
    };
    for (const [kind, text] of Object.entries(disguises)) assert.equal(fold(text).text, 'grape', kind);
  });

  it('leaves numbers, quantities and punctuation as they are', () => {
    for (const text of ['at 10:45', '45s', '1st', '5k run', 'call 555 0199', 'wow!!!', 'a + b']) {
      assert.equal(fold(text).text, text);
    }
  });

  it('keeps apart what an emoji parts', () => {
    assert.equal(fold('nice 🔥 work').text, 'nice   work');
    assert.equal(fold('🔥work').text, ' work');
  });

  it('maps every character back to the code point and the marks that it came from', () => {
    const content = 'é😀 x\u0301\u200by ﬁn';
    const { text, starts, ends } = fold(content);
    const origin = (i: number) => content.slice(starts[i], ends[i]);
    assert.equal(text, 'e  xy fin');
    assert.equal(origin(0), 'é');
    assert.equal(origin(1), '😀');
    assert.equal(origin(text.indexOf('x')), 'x\u0301\u200b');
    assert.deepEqual([origin(6), origin(7), origin(8)], ['ﬁ', 'ﬁ', 'n']);
  });

  it('writes rows of three or more lone letters together, and again without a first that may be a word', () => {
    const join = (text: string) => joinSpaced(fold(text))?.text;
    assert.equal(join('so g r a p e it is'), 'grape');
    assert.equal(join('g.r.a.p.e'), 'grape');
    assert.equal(join('g - r - 4 - p - 3'), 'grape');
    assert.equal(join('what a g r a p e'), 'agrape grape');
    assert.equal(join('if u c me'), undefined);
    assert.equal(join('1 2 3 4'), undefined);
    assert.equal(join('x    y    z'), undefined);
  });

  it('gives rising ranges inside the content for any string', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), content => {
        const { text, starts, ends } = fold(content);
        assert.equal(text.length, starts.length);
        assert.equal(text.length, ends.length);
        starts.forEach((start, i) => {
          assert.ok(start < ends[i]! && ends[i]! <= content.length);
          assert.ok(i === 0 || start >= starts[i - 1]!);
        });
      }),
    );
  });
});
