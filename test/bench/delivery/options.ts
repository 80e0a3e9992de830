import { parseArgs } from 'node:util';
import type { DialectName } from './dialects.ts';

export const ALL: DialectName[] = ['parley', 'socketio', 'centrifugo', 'tutorial'];

/** `--only=parley,socketio` and `--seconds=8`: for how long each load is measured. Throws on anything else. */
export function readOptions(args: string[]): { only: DialectName[]; seconds: number } {
  const { values } = parseArgs({ args, options: { only: { type: 'string' }, seconds: { type: 'string' } } });
  const only = values.only === undefined ? ALL : (values.only.split(',') as DialectName[]);
  const unknown = only.filter(name => !ALL.includes(name));
  if (unknown.length > 0) throw new Error(`--only: ${unknown.join(', ')} is none of ${ALL.join(', ')}`);
  const seconds = Number(values.seconds ?? 8);
  if (!(seconds >= 1 && seconds <= 600)) throw new Error('--seconds must be from 1 to 600');
  return { only, seconds };
}
