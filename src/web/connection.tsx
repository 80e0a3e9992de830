import { useEffect, useState } from 'preact/hooks';
import type { ConnectionState } from '../client/index.ts';
import type { Chat } from './chat.ts';
import { refusalWords } from './words.ts';

/** The state of the connection in a few words, always in view. */
export function ConnectionPill({ chat }: { chat: Chat }) {
  const state = chat.connection.value;
  return (
    <span class="connection" data-testid="connection" data-state={state.state} role="status">
      <span class="connection-dot" aria-hidden="true" />
      {pillWords(state)}
    </span>
  );
}

function pillWords(state: ConnectionState): string {
  if (state.state === 'open') return 'Connected';
  if (state.state === 'waiting') return 'Offline';
  return state.state === 'closed' ? 'Signed out' : 'Connecting…';
}

/** While the connection is away: when it is tried again, and a way not to wait. */
export function OfflineBar({ chat }: { chat: Chat }) {
  const state = chat.connection.value;
  if (state.state === 'waiting') {
    return (
      <div class="bar" data-testid="offline">
        <p>
          You are offline. What you write is sent once you are back. <Countdown until={state.retryAtMs} />
        </p>
        <button type="button" data-testid="retry" onClick={chat.retry}>
          Try now
        </button>
      </div>
    );
  }
  if (state.state !== 'closed') return null;
  return (
    <div class="bar" data-testid="offline">
      <p>{refusalWords(state.reason)}</p>
      <button type="button" onClick={chat.signOut}>
        Sign in
      </button>
    </div>
  );
}

function Countdown({ until }: { until: number }) {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 250);
    return () => clearInterval(timer);
  }, []);
  const seconds = Math.max(1, Math.ceil((until - now) / 1_000));
  return <span class="countdown">Trying again in {seconds} s.</span>;
}
