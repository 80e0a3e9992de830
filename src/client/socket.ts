/** What the client needs of a WebSocket: the surface that browsers, ws and others share. */
export type SocketLike = {
  send(text: string): void;
  close(code?: number, reason?: string): void;
  addEventListener(type: 'open' | 'error', listener: () => void): void;
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void;
  addEventListener(type: 'close', listener: (event: { code: number; reason: string }) => void): void;
};

export type OpenSocket = (url: string) => SocketLike;

/** The runtime's own WebSocket. Throws where there is none (Node 20): createNodeClient brings one. */
export function runtimeSocket(url: string): SocketLike {
  const { WebSocket } = globalThis as { WebSocket?: new (url: string) => SocketLike };
  if (WebSocket === undefined) {
    throw new Error('This runtime has no WebSocket: give the option `webSocket`, or use createNodeClient.');
  }
  return new WebSocket(url);
}

/** The address of the socket for a service at `url`. */
export function socketUrl(url: string, ticket: string | undefined): string {
  const address = new URL('/v1/ws', url);
  address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';
  if (ticket !== undefined) address.searchParams.set('ticket', ticket);
  return address.href;
}
