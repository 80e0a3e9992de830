import assert from 'node:assert/strict';
import fc from 'fast-check';
import { checkContent } from '../../src/front/fields.ts';
import { type Parsed, parseDraft, parseFrame } from '../../src/front/frames.ts';

const parse = (frame: unknown): Parsed => parseFrame(JSON.stringify(frame));
const SEND = { type: 'send', room: 'lobby', clientId: 'c-1', content: 'hello' };

/** The refusal's code and path, and the ref that it is answered with. */
function refusalOf(parsed: Parsed) {
  assert.ok('refusal' in parsed, `accepted: ${JSON.stringify(parsed)}`);
  const { refusal, ref } = parsed;
  return [refusal.refused, refusal.path, ref];
}

describe('a client frame', () => {
  it('is taken as it is when every field is right', () => {
    const frames = [
      SEND,
      { ...SEND, replyTo: 1, ref: 'r1' },
      { type: 'join', room: 'a', ref: 0 },
      { type: 'join', room: 'a.b_c-9', since: { epoch: 'e', offset: 0 }, recent: 0 },
      {
        type: 'join',
        room: '0'.repeat(64),
        since: { epoch: 'e'.repeat(64), offset: 2 ** 53 - 1 },
        recent: 100,
      },
      { type: 'leave', room: 'a', ref: -1 },
      { type: 'ping' },
    ];
    for (const frame of frames) assert.deepEqual(parse(frame), { frame });
  });

  it('that is no JSON object is bad_json', () => {
    for (const text of ['', '{', 'nul', 'null', '[]', '"a"', '1', 'true', '[{"type":"ping"}]', '\ufeff{}']) {
      assert.deepEqual(refusalOf(parseFrame(text)), ['bad_json', undefined, undefined], text);
    }
  });

  it('without a type, or with one that is no string, names the type', () => {
    for (const type of [undefined, null, 5, {}, ['join']]) {
      assert.deepEqual(refusalOf(parse({ type, ref: 7 })), ['invalid_field', 'type', 7]);
    }
  });

  it('of a type that does not exist is unknown_type, whatever else it holds', () => {
    for (const type of ['', 'JOIN', 'ack', 'message.created', 'constructor', '__proto__']) {
      assert.deepEqual(refusalOf(parse({ type, nonsense: 1, ref: 'x' })), ['unknown_type', undefined, 'x']);
    }
  });

  it('with an unusable ref names it, and is answered without one', () => {
    for (const ref of [null, 1.5, 2 ** 53, true, {}, [], 'x'.repeat(65)]) {
      assert.deepEqual(refusalOf(parse({ type: 'ping', ref })), ['invalid_field', 'ref', undefined]);
    }
  });

  it('names the field that is missing or wrong, in the order of the table', () => {
    const wrong: [object, string][] = [
      [{ type: 'join' }, 'room'],
      [{ type: 'leave', room: null }, 'room'],
      [{ type: 'join', room: 'Lobby' }, 'room'],
      [{ type: 'join', room: '' }, 'room'],
      [{ type: 'join', room: '-a' }, 'room'],
      [{ type: 'join', room: 'a\n' }, 'room'],
      [{ type: 'join', room: 'a'.repeat(65) }, 'room'],
      [{ type: 'join', room: 'a', recent: 101 }, 'recent'],
      [{ type: 'join', room: 'a', recent: -1 }, 'recent'],
      [{ type: 'join', room: 'a', recent: '5' }, 'recent'],
      [{ type: 'join', room: 'a', recent: null }, 'recent'],
      [{ type: 'join', room: 'a', since: null }, 'since'],
      [{ type: 'join', room: 'a', since: [] }, 'since'],
      [{ type: 'join', room: 'a', since: {} }, 'since.epoch'],
      [{ type: 'join', room: 'a', since: { epoch: '', offset: 1 } }, 'since.epoch'],
      [{ type: 'join', room: 'a', since: { epoch: 'e'.repeat(65), offset: 1 } }, 'since.epoch'],
      [{ type: 'join', room: 'a', since: { epoch: 'e' } }, 'since.offset'],
      [{ type: 'join', room: 'a', since: { epoch: 'e', offset: -1 } }, 'since.offset'],
      [{ type: 'join', room: 'a', since: { epoch: 'e', offset: 2 ** 53 } }, 'since.offset'],
      [{ type: 'join', room: 'a', since: { epoch: 'e', offset: 1, x: 1 } }, 'since.x'],
      [{ ...SEND, clientId: '' }, 'clientId'],
      [{ ...SEND, clientId: 'a'.repeat(65) }, 'clientId'],
      [{ ...SEND, clientId: 'a b' }, 'clientId'],
      [{ ...SEND, clientId: 7 }, 'clientId'],
      [{ type: 'send', room: 'a', clientId: 'c' }, 'content'],
      [{ ...SEND, content: 5 }, 'content'],
      [{ ...SEND, content: '', replyTo: 0 }, 'replyTo'],
      [{ ...SEND, replyTo: '1' }, 'replyTo'],
      [{ ...SEND, replyTo: null }, 'replyTo'],
      [{ ...SEND, replyTo: 1.5 }, 'replyTo'],
    ];
    for (const [frame, path] of wrong) {
      assert.deepEqual(refusalOf(parse({ ...frame, ref: 'x' })), ['invalid_field', path, 'x'], path);
    }
  });

  it('with an unknown field names it; so nobody believes that a user or a time is taken from a frame', () => {
    for (const name of ['user', 'timestamp', 'id', 'offset', 'toString', 'hasOwnProperty']) {
      assert.deepEqual(refusalOf(parse({ ...SEND, [name]: 1 })), ['invalid_field', name, undefined]);
    }
    const hidden = '{"type":"ping","__proto__":{"a":1}}';
    assert.deepEqual(refusalOf(parseFrame(hidden)), ['invalid_field', '__proto__', undefined]);
    const [, path] = refusalOf(parse({ type: 'ping', ['x'.repeat(500)]: 1 }));
    assert.equal(path, 'x'.repeat(64));
  });

  it('never throws, whatever it is', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.object().map(value => JSON.stringify(value)),
        ),
        text => {
          const parsed = parseFrame(text);
          assert.ok('frame' in parsed || 'refusal' in parsed);
        },
      ),
    );
  });
});

describe('message text', () => {
  const codeOf = (content: string) => checkContent(content)?.refused;

  it('may be anything that can be stored and seen, up to 4,000 code points', () => {
    for (const content of [
      'a',
      ' a ',
      '\n.',
      '👍',
      '🏳️‍🌈'.repeat(500),
      '😀'.repeat(4000),
      'a'.repeat(4000),
      '\u200b',
    ]) {
      assert.equal(codeOf(content), undefined);
    }
  });

  it('of white space alone is content_empty, with every white space of Unicode', () => {
    for (const content of ['', ' ', '\t\r\n', '\u00a0\u2003\u3000', '\u0085', '\ufeff', '\u2028\u2029']) {
      assert.equal(codeOf(content), 'content_empty', JSON.stringify(content));
    }
  });

  it('of more than 4,000 code points is content_too_long; pairs count once', () => {
    assert.equal(codeOf('a'.repeat(4001)), 'content_too_long');
    assert.equal(codeOf('😀'.repeat(4001)), 'content_too_long');
    assert.equal(codeOf(`${'😀'.repeat(3999)}ab`), 'content_too_long');
  });

  it('with NUL or half of a pair is content_invalid', () => {
    for (const content of ['a\0', '\0', '\ud83d', 'x\udc00y', '\udc00\ud83d']) {
      assert.equal(codeOf(content), 'content_invalid', JSON.stringify(content));
    }
  });

  it('is checked after the fields, by socket and by HTTP alike', () => {
    assert.deepEqual(refusalOf(parse({ ...SEND, content: ' ' })), ['content_empty', 'content', undefined]);
    assert.deepEqual(refusalOf(parse({ ...SEND, content: ' ', x: 1 })), ['invalid_field', 'x', undefined]);
    assert.deepEqual(parseDraft({ clientId: 'c', content: 'x\0' }), {
      refused: 'content_invalid',
      path: 'content',
    });
    assert.deepEqual(parseDraft({ clientId: 'c', content: 'x', room: 'a' }), {
      refused: 'invalid_field',
      path: 'room',
    });
    const draft = { clientId: 'c', content: 'x', replyTo: 3 };
    assert.deepEqual(parseDraft(draft), draft);
  });
});
