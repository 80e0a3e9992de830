import express, { type Request, type Response } from 'express';
import { type Refusal, refuse } from '../errors.ts';
import { isObject } from './fields.ts';

export const MAX_BODY_BYTES = 65_536;

export type ReadBody = (request: Request, response: Response) => Promise<Record<string, unknown> | Refusal>;

/**
 * Reads a JSON object of `limit` bytes at most, sent as `application/json` and not compressed. Anything else is
 * `bad_json`, and what is larger `payload_too_large`.
 */
export function createBodyReader(limit = MAX_BODY_BYTES): ReadBody {
  const parse = express.json({ limit, inflate: false });
  return (request, response) =>
    new Promise((resolve, reject) => {
      parse(request, response, (error?: unknown) => {
        const body: unknown = request.body;
        if (error === undefined) resolve(isObject(body) ? body : refuse('bad_json'));
        else if (statusOf(error) === 413) resolve(refuse('payload_too_large'));
        else if (statusOf(error) < 500) resolve(refuse('bad_json'));
        else reject(error);
      });
    });
}

/** The status that an error of Express names; 500 where it names none. */
export function statusOf(error: unknown): number {
  return isObject(error) && typeof error.status === 'number' ? error.status : 500;
}
