/** One call of the provider, as PROVIDER.md describes it. */
import { type Scores, scoresIn } from './answer.ts';

/** All that leaves the service of a message. `language` is an ISO 639-1 code, or `und`. */
export type TextAsked = { content: string; language: string };
/** Why there is no answer. Each is the provider's failure. */
export type Failure = 'timeout' | 'unreachable' | 'status' | 'invalid';
export type Answer = { scores: (Scores | null)[] } | { failed: Failure };
/** Never rejects; ends when the signal does. */
export type Ask = (texts: readonly TextAsked[], signal: AbortSignal) => Promise<Answer>;

/** Bytes of an answer: far more than 20 categories take, however they are spaced. */
const MAX_ANSWER_BYTES = { each: 4_096, more: 4_096 };

export function createHttpAsk({ url, token }: { url: string; token?: string | undefined }): Ask {
  const headers = {
    'content-type': 'application/json',
    accept: 'application/json',
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  };
  return async (texts, signal) => {
    try {
      const body = JSON.stringify({ texts });
      // A redirect would take texts and token elsewhere: it is an answer like any other that is not 200.
      const response = await fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal });
      if (response.status !== 200) {
        await response.body?.cancel();
        return { failed: 'status' };
      }
      const bytes = MAX_ANSWER_BYTES.each * texts.length + MAX_ANSWER_BYTES.more;
      const json = await readAtMost(response, bytes);
      const scores = json === undefined ? undefined : scoresIn(json, texts.length);
      return scores === undefined ? { failed: 'invalid' } : { scores };
    } catch {
      return { failed: signal.aborted ? 'timeout' : 'unreachable' };
    }
  };
}

/** The body as text; undefined, and no more of it is read, where it is longer. */
async function readAtMost({ body }: Response, bytes: number): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let read = 0;
  for await (const chunk of body ?? []) {
    read += chunk.byteLength;
    if (read > bytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
