import type { Rule, RuleOf } from './types.ts';

type WindowRule = RuleOf<'repeats' | 'flood' | 'rooms'>;
/** What rules count: `shape` names it, whichever rule of whichever policy asks; `rules` are the ids of these. */
export type Window = Pick<WindowRule, 'type' | 'windowSeconds'> & {
  shape: string;
  near: boolean;
  rules: string[];
};

/** `flood/60`, `repeats/600`, `repeats/600/near`, `rooms/600`: two rules of one shape share a count. */
export function shapeOf(rule: WindowRule): string {
  return `${rule.type}/${rule.windowSeconds}${isNear(rule) ? '/near' : ''}`;
}

/** The windows that these rules count in, each once. */
export function windowsOf(rules: readonly Rule[]): Window[] {
  const windows = new Map<string, Window>();
  for (const rule of rules) {
    if (!isWindow(rule)) continue;
    const { id, type, windowSeconds } = rule;
    const shape = shapeOf(rule);
    const known = windows.get(shape);
    if (known) known.rules.push(id);
    else windows.set(shape, { shape, type, windowSeconds, near: isNear(rule), rules: [id] });
  }
  return [...windows.values()];
}

const isWindow = (rule: Rule): rule is WindowRule =>
  rule.type === 'repeats' || rule.type === 'flood' || rule.type === 'rooms';
const isNear = (rule: WindowRule) => rule.type === 'repeats' && rule.near === true;
