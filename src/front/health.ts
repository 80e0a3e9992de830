import { failing } from '../admin.ts';
import type { OpenHandler } from './endpoint.ts';

/** Each part by name: `ok`, or a sentence that says what fails. */
export type Ready = () => Promise<Record<string, string>>;

/** The process is alive. */
export const healthz: OpenHandler = async () => ({ body: { status: 'ok' } });

/** 200 while every part is fit for traffic, else 503 with the failing parts named. */
export function createReadyz(ready: Ready): OpenHandler {
  return async () => {
    const faults = failing(await ready());
    if (Object.keys(faults).length === 0) return { body: { status: 'ok' } };
    return { status: 503, body: { status: 'unavailable', failing: faults } };
  };
}
