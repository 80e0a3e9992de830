/** Single settings out of an environment that is given, each checked. See config.ts, which alone has the environment. */
import { readFileSync } from 'node:fs';

export type Environment = Record<string, string | undefined>;
export type TimeOfDay = { hour: number; minute: number };

/** A value that the configuration cannot accept; `message` is the one line for the user. */
export class ConfigError extends Error {
  override name = 'ConfigError';
}

export type Reader = ReturnType<typeof reader>;

/** Every call throws ConfigError where the value cannot be used; an empty one counts as not given. */
export function reader(env: Environment) {
  const optional = (name: string) => (env[name] === undefined || env[name] === '' ? undefined : env[name]);
  return {
    optional,
    text: (name: string, fallback: string) => optional(name) ?? fallback,
    list: (name: string) =>
      (optional(name) ?? '')
        .split(',')
        .map(part => part.trim())
        .filter(part => part !== ''),
    integer(name: string, fallback: number, range: { min: number; max: number }) {
      const text = optional(name);
      if (text === undefined) return fallback;
      const value = Number(text);
      if (!/^\d+$/.test(text) || value < range.min || value > range.max) {
        throw new ConfigError(
          `${name} is ${text}: it must be a whole number from ${range.min} to ${range.max}.`,
        );
      }
      return value;
    },
    port(name: string, fallback: number) {
      return this.integer(name, fallback, { min: 0, max: 65_535 });
    },
    choice<const T extends string>(name: string, choices: readonly T[], fallback: NoInfer<T>): T {
      const text = optional(name);
      if (text === undefined) return fallback;
      const found = choices.find(choice => choice === text);
      if (found === undefined)
        throw new ConfigError(`${name} is ${text}: it must be one of ${choices.join(', ')}.`);
      return found;
    },
    timeOfDay(name: string, fallback: string): TimeOfDay | undefined {
      const text = optional(name) ?? fallback;
      if (text === 'never') return undefined;
      const [, hour, minute] = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(text) ?? [];
      if (hour === undefined) {
        throw new ConfigError(`${name} is ${text}: it must be a time of UTC from 00:00 to 23:59, or never.`);
      }
      return { hour: Number(hour), minute: Number(minute) };
    },
    file(name: string, path: string) {
      try {
        return readFileSync(path);
      } catch (error) {
        throw new ConfigError(
          `${name} names ${path}, which cannot be read (${(error as NodeJS.ErrnoException).code}).`,
        );
      }
    },
  };
}
