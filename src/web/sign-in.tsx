import { useState } from 'preact/hooks';
import { ParleyError } from '../client/index.ts';
import { Icon } from './icons.tsx';
import { signInByName, signInWithToken } from './identity.ts';
import { refusalWords } from './words.ts';

/** Asks for a name; where the service gives no tokens by name, for a token. */
export function SignIn() {
  const [byToken, setByToken] = useState(false);
  const [problem, setProblem] = useState<string>();
  const [busy, setBusy] = useState(false);

  async function submit(value: string, asModerator: boolean) {
    if (value === '') return setProblem(byToken ? 'Paste a token first.' : 'Type your name first.');
    if (byToken) return signInWithToken(value);
    setBusy(true);
    try {
      await signInByName(value, asModerator);
    } catch (error) {
      const needsToken = error instanceof ParleyError && error.code === 'unauthenticated';
      setByToken(needsToken);
      setProblem(
        needsToken ? 'This service does not sign in by name. Paste your token.' : refusalWords(error),
      );
      setBusy(false);
    }
  }

  return (
    <main class="welcome">
      <div class="welcome-card">
        <p class="brand">
          <Icon name="mark" /> Parley
        </p>
        <h1>Good to see you.</h1>
        <p class="lead">Say who you are, pick a room, and start talking.</p>
        <Form key={String(byToken)} byToken={byToken} busy={busy} problem={problem} onSubmit={submit} />
        <button
          type="button"
          class="link"
          onClick={() => {
            setByToken(!byToken);
            setProblem(undefined);
          }}
        >
          {byToken ? 'Sign in with a name' : 'I have a token'}
        </button>
      </div>
    </main>
  );
}

const SECRET = { type: 'password', autocomplete: 'off', maxLength: 4_000 } as const;
const NAME = { type: 'text', autocomplete: 'nickname', maxLength: 40 } as const;

type FormProps = {
  byToken: boolean;
  busy: boolean;
  problem: string | undefined;
  onSubmit(value: string, asModerator: boolean): Promise<void> | void;
};

function Form({ byToken, busy, problem, onSubmit }: FormProps) {
  const [value, setValue] = useState('');
  const [asModerator, setAsModerator] = useState(false);
  return (
    <form
      onSubmit={event => {
        event.preventDefault();
        void onSubmit(value.trim(), asModerator);
      }}
    >
      <label for="who">{byToken ? 'Token' : 'Your name'}</label>
      <input
        id="who"
        data-testid="sign-in-name"
        {...(byToken ? SECRET : NAME)}
        value={value}
        dir="auto"
        spellcheck={false}
        autofocus
        aria-invalid={problem !== undefined}
        aria-describedby="who-problem"
        onInput={event => setValue(event.currentTarget.value)}
      />
      <p class="problem" id="who-problem" role="alert">
        {problem}
      </p>
      {!byToken && (
        <label class="check">
          <input
            type="checkbox"
            checked={asModerator}
            onChange={event => setAsModerator(event.currentTarget.checked)}
          />
          As a moderator, who may delete what others write
        </label>
      )}
      <button type="submit" class="primary" data-testid="sign-in-button" disabled={busy}>
        {busy ? 'One moment…' : 'Come in'}
      </button>
    </form>
  );
}
