/**
 * A client's frame, from text to a typed value. The order of checks: a JSON object (`bad_json`), `ref`, `type`
 * (`invalid_field` where it is no string, `unknown_type` where there is no such verb), the verb's fields in the
 * order of its table, unknown fields, and at last the rules of the text.
 */
import { type Refusal, refuse } from '../errors.ts';
import * as fields from './fields.ts';

export type Ref = string | number;
type WithRef = { ref?: Ref };
export type JoinFrame = WithRef & {
  type: 'join';
  room: string;
  since?: { epoch: string; offset: number };
  recent?: number;
};
export type LeaveFrame = WithRef & { type: 'leave'; room: string };
/** What a message is made of, by socket and by HTTP alike. */
export type Draft = { clientId: string; content: string; replyTo?: number };
export type SendFrame = WithRef & Draft & { type: 'send'; room: string };
export type RefreshFrame = WithRef & { type: 'refresh'; token: string };
export type EditFrame = WithRef & { type: 'edit'; room: string; id: number; content: string };
export type DeleteFrame = WithRef & { type: 'delete'; room: string; id: number };
export type TypingFrame = WithRef & { type: 'typing'; room: string };
export type ReadFrame = WithRef & { type: 'read'; room: string; through: number };
export type PingFrame = WithRef & { type: 'ping' };
export type ClientFrame =
  | JoinFrame
  | LeaveFrame
  | SendFrame
  | RefreshFrame
  | PingFrame
  | EditFrame
  | DeleteFrame
  | TypingFrame
  | ReadFrame;

const MAX_REF_LENGTH = 64;

export const DRAFT: fields.Shape = {
  clientId: { check: fields.clientId },
  content: { check: fields.text },
  replyTo: { check: fields.messageId, optional: true },
};
const ROOM: fields.Shape = { room: { check: fields.room } };
const VERBS = new Map<string, fields.Shape>([
  [
    'join',
    {
      ...ROOM,
      since: { check: fields.since, optional: true },
      recent: { check: fields.integer(0, 100), optional: true },
    },
  ],
  ['leave', ROOM],
  ['send', { ...ROOM, ...DRAFT }],
  ['edit', { ...ROOM, id: { check: fields.messageId }, content: { check: fields.text } }],
  ['delete', { ...ROOM, id: { check: fields.messageId } }],
  ['refresh', { token: { check: fields.text } }],
  ['typing', ROOM],
  ['read', { ...ROOM, through: { check: fields.integer(0) } }],
  ['ping', {}],
]);

export type Parsed = { frame: ClientFrame } | { refusal: Refusal; ref?: Ref };

/** Reads one frame; a refusal carries the `ref` to answer with, where there is a usable one. */
export function parseFrame(data: string): Parsed {
  const value = parseObject(data);
  if (value === undefined) return { refusal: refuse('bad_json') };
  const { ref, type, ...rest } = value;
  if (ref !== undefined && !isRef(ref)) return { refusal: refuse('invalid_field', { path: 'ref' }) };
  const withRef = ref === undefined ? {} : { ref };
  if (typeof type !== 'string') return { refusal: refuse('invalid_field', { path: 'type' }), ...withRef };
  const shape = VERBS.get(type);
  if (shape === undefined) return { refusal: refuse('unknown_type'), ...withRef };
  const refusal = fields.checkShape(rest, shape) ?? contentRefusal(rest);
  if (refusal) return { refusal, ...withRef };
  return { frame: value as ClientFrame };
}

/** A message as the body of an HTTP call. */
export function parseDraft(body: Record<string, unknown>): Draft | Refusal {
  return fields.checkShape(body, DRAFT) ?? contentRefusal(body) ?? (body as Draft);
}

function contentRefusal({ content }: Record<string, unknown>): Refusal | undefined {
  return typeof content === 'string' ? fields.checkContent(content) : undefined;
}

function parseObject(data: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(data);
    return fields.isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isRef(value: unknown): value is Ref {
  return Number.isSafeInteger(value) || (typeof value === 'string' && value.length <= MAX_REF_LENGTH);
}
