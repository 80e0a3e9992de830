import assert from 'node:assert/strict';
import { noted } from '../../src/noted.ts';

describe('what is logged of an error', () => {
  it('leaves out the command or the row that an error carries, and keeps its code and cause', () => {
    const cause = Object.assign(new Error('Command timed out'), {
      command: { name: 'evalsha', args: ['secret text'] },
    });
    const error = Object.assign(new Error('it failed', { cause }), {
      code: '23505',
      detail: 'Key (content)=(secret text)',
    });
    const line = noted(error);
    assert.ok(!JSON.stringify(line).includes('secret text'));
    assert.deepEqual(
      [line.message, line.code, line.cause?.message],
      ['it failed', '23505', 'Command timed out'],
    );
  });

  it('says something of what is no error at all', () => {
    assert.deepEqual(noted('odd'), { name: 'string', message: 'odd' });
  });
});
