/** A moderation provider of the tests' own: a real HTTP server that answers, hangs, fails or talks nonsense. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Asked = { texts: { content: string; language: string }[]; headers: IncomingMessage['headers'] };
/** Answers a call; returning without an end leaves it open. */
export type Behaviour = (response: ServerResponse, asked: Asked) => void;

/** `toxicity` is .93 where the text holds `nasty`, `spam` .8 where it holds `cheap`; one of `riddle` has no scores. */
export const ANSWER: Behaviour = (response, { texts }) => {
  const scores = texts.map(({ content }) =>
    content.includes('riddle')
      ? null
      : { toxicity: content.includes('nasty') ? 0.93 : 0.02, spam: content.includes('cheap') ? 0.8 : 0.1 },
  );
  response.end(JSON.stringify({ scores }));
};
export const HANG: Behaviour = () => undefined;
export const FAIL: Behaviour = response => response.writeHead(500).end('{"scores": []}');
export const saying =
  (body: string): Behaviour =>
  response =>
    response.end(body);

export type FakeProvider = Awaited<ReturnType<typeof startProvider>>;

export async function startProvider() {
  const asked: Asked[] = [];
  let behave = ANSWER;
  let underway = 0;
  let most = 0;
  const server = createServer(async (request, response) => {
    underway += 1;
    most = Math.max(most, underway);
    response.on('close', () => {
      underway -= 1;
    });
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const call = { texts: (JSON.parse(body) as Asked).texts, headers: request.headers };
    asked.push(call);
    behave(response, call);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/score`,
    /** Every call, in the order of their arrival. */
    asked,
    contents: () => asked.flatMap(({ texts }) => texts.map(({ content }) => content)),
    /** How many calls there were at a time, at most. */
    most: () => most,
    underway: () => underway,
    behave(as: Behaviour) {
      behave = as;
    },
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
