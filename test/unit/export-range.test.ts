import assert from 'node:assert/strict';
import { type Cursor, encode, givenCursor } from '../../src/export/cursor.ts';
import { parseAsked, UsageError } from '../../src/export/range.ts';

const asked = (line: string) => parseAsked(line === '' ? [] : line.split(' '));
const refuses = (line: string, words: RegExp) =>
  assert.throws(
    () => givenCursor(asked(line)),
    (error: unknown) => {
      assert.ok(error instanceof UsageError, String(error));
      assert.match(error.message, words, line);
      return true;
    },
  );

describe('what is to be exported', () => {
  it('is rooms, each once and in order, and a range of times or ids', () => {
    assert.deepEqual(asked('--all').range, { originals: false });
    assert.deepEqual(asked('--rooms b,a,b --originals').range, { rooms: ['a', 'b'], originals: true });
    assert.deepEqual(asked('--all --from 2026-01-01 --to 2026-01-02T00:00:00+01:00').range, {
      from: '2026-01-01T00:00:00.000Z',
      to: '2026-01-01T23:00:00.000Z',
      originals: false,
    });
    const { range, limit } = asked('--room a --after 0 --before 9 --limit 5');
    assert.deepEqual([range, limit], [{ rooms: ['a'], after: 0, before: 9, originals: false }, 5]);
  });

  it('is refused with a sentence where it is none', () => {
    refuses('', /^Which rooms/);
    refuses('--from 2026-01-01', /^Which rooms/);
    refuses('--all --room a', /^Give one of/);
    refuses('--room Lobby', /^"Lobby" is no room's name/);
    refuses('--rooms a,', /^"" is no room's name/);
    refuses('--all --after 1', /^Ids are of one room/);
    refuses('--room a --after 1 --from 2026-01-01', /^Give times or ids/);
    refuses('--all --from 2026-01-02 --to 2026-01-02', /^--from is not before --to/);
    for (const time of ['yesterday', '2026-01-01T00:00:00', '2026-13-01', '1767225600'])
      refuses(`--all --from ${time}`, /^--from is .*: give a date, or a time with its zone/);
    for (const id of ['-1', '1.5', 'x', '9007199254740992'])
      refuses(`--room a --before=${id}`, /^--before is/);
    refuses('--all --limit 0', /^--limit is 0/);
    refuses('--all --fast', /--fast/);
    refuses('--all more', /more/);
    refuses('--cursor a --cursor-file b', /not both/);
    refuses('--cursor-file /no/such/cursor', /does not exist yet: say which rooms/);
    refuses('--cursor nonsense', /is no cursor/);
  });

  it('is what the cursor says, and no other range', () => {
    const cursor: Cursor = {
      v: 1,
      range: { rooms: ['a'], originals: false },
      until: '2026-01-01T00:00:00.000Z',
      lines: 3,
    };
    assert.deepEqual(givenCursor(asked(`--cursor ${encode(cursor)}`)), cursor);
    assert.deepEqual(givenCursor(asked(`--room a --cursor ${encode(cursor)}`)), cursor);
    refuses(`--room b --cursor ${encode(cursor)}`, /of another range/);
    assert.equal(givenCursor(asked('--room a --cursor-file /no/such/cursor')), undefined);
  });
});
