/** Checks of plain JSON that name the place of what is wrong. */

/** `path` is where (`rules[2].words[0]`), `message` a sentence that says what is expected there. */
export type PolicyError = { path: string; message: string };
export type Check = (value: unknown, path: string) => PolicyError[];
export type Fields = Record<string, Check>;

export const MAX_ERRORS = 20;
/** Longest name of an unknown field that is shown back. */
const MAX_SHOWN = 64;

const wrong = (path: string, message: string): PolicyError[] => [{ path, message }];

export const number =
  (min: number, max: number, { whole = true } = {}): Check =>
  (value, path) =>
    typeof value === 'number' && value >= min && value <= max && (!whole || Number.isInteger(value))
      ? []
      : wrong(path, `Give a ${whole ? 'whole ' : ''}number from ${min} to ${max}.`);

/** A part of one, or a score. */
export const share = number(0, 1, { whole: false });

export const flag: Check = (value, path) =>
  typeof value === 'boolean' ? [] : wrong(path, 'Give true or false.');

export const oneOf =
  (values: readonly string[]): Check =>
  (value, path) =>
    typeof value === 'string' && values.includes(value)
      ? []
      : wrong(path, `Give one of: ${values.join(', ')}.`);

/** Text that matches whole; `what` says what it is. */
export const matching =
  (pattern: RegExp, what: string): Check =>
  (value, path) =>
    typeof value === 'string' && pattern.test(value) ? [] : wrong(path, `Give ${what}.`);

/** A list of `min` to `max` items; it stops looking after 20 errors. */
export const list =
  (item: Check, { min = 1, max }: { min?: number; max: number }): Check =>
  (value, path) => {
    if (!Array.isArray(value) || value.length < min || value.length > max) {
      return wrong(path, `Give a list of ${min} to ${max} items.`);
    }
    const errors: PolicyError[] = [];
    for (const [i, one] of value.entries()) {
      errors.push(...item(one, `${path}[${i}]`));
      if (errors.length >= MAX_ERRORS) break;
    }
    return errors;
  };

/** An object with all of `required`, any of `optional`, and nothing else. */
export const object =
  (required: Fields, optional: Fields = {}): Check =>
  (value, path) => {
    if (!isObject(value)) return wrong(path, 'Give an object.');
    const at = (name: string) => (path === '' ? name : `${path}.${name}`);
    const errors: PolicyError[] = [];
    for (const [name, check] of Object.entries(required)) {
      errors.push(
        ...(Object.hasOwn(value, name) ? check(value[name], at(name)) : wrong(at(name), 'This is missing.')),
      );
    }
    for (const [name, check] of Object.entries(optional)) {
      if (Object.hasOwn(value, name)) errors.push(...check(value[name], at(name)));
    }
    for (const name of Object.keys(value)) {
      if (!Object.hasOwn(required, name) && !Object.hasOwn(optional, name)) {
        errors.push(...wrong(at(name.slice(0, MAX_SHOWN)), 'There is no such field here.'));
      }
    }
    return errors;
  };

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
