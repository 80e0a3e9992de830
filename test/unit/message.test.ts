import assert from 'node:assert/strict';
import fc from 'fast-check';
import { maskSpans, type Span } from '../../src/message.ts';

describe('masking', () => {
  it('stars out each character of a span and keeps what is around it', () => {
    assert.equal(maskSpans('what the hell is this', [[9, 13]]), 'what the **** is this');
  });

  it('keeps white space inside a span, and counts an emoji as one character', () => {
    assert.equal(maskSpans('a b😀c d', [[0, 6]]), '* *** d');
  });

  it('takes overlapping, touching, unordered and empty spans', () => {
    const spans: Span[] = [
      [4, 6],
      [0, 2],
      [1, 3],
      [5, 5],
    ];
    assert.equal(maskSpans('abcdefgh', spans), '***d**gh');
  });

  it('leaves no character of a span readable, and every other one as it was', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 40 });
    fc.assert(
      fc.property(text, fc.nat(40), fc.nat(40), (content, a, b) => {
        const [start, end] = [Math.min(a, b, content.length), Math.min(Math.max(a, b), content.length)];
        const masked = maskSpans(content, [[start, end]]);
        assert.ok(masked.startsWith(content.slice(0, start)) && masked.endsWith(content.slice(end)));
        const inside = masked.slice(start, masked.length - (content.length - end));
        assert.match(inside, /^[*\s]*$/u);
      }),
    );
  });
});
