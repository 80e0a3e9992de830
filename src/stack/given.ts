import { givenPart, type Part, StackError } from './part.ts';
import { accepts } from './ports.ts';

const ANSWER_TIMEOUT_MS = 5_000;

/** A part that its variable names. Throws StackError where nothing accepts connections there. */
export async function useGiven(
  name: string,
  { url, variable, defaultPort }: { url: string; variable: string; defaultPort: number },
): Promise<Part> {
  const target = hostAndPort(url, defaultPort);
  // A Unix socket, or several hosts: who uses it will find out.
  if (target === undefined) return givenPart(name, `as ${variable} says`);
  const address = `${target.host}:${target.port}`;
  if (await accepts(target.port, target.host, ANSWER_TIMEOUT_MS)) return givenPart(name, address);
  throw new StackError(
    `${variable} names ${address}, where nothing answers: start it, or leave ${variable} out to have an embedded one.`,
  );
}

/** Host and port of a URL, without what else it holds (a password). */
function hostAndPort(url: string, defaultPort: number): { host: string; port: number } | undefined {
  if (!URL.canParse(url)) return undefined;
  const { hostname, port } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  return host === '' ? undefined : { host, port: port === '' ? defaultPort : Number(port) };
}
