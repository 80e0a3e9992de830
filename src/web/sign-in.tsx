import { useState } from 'preact/hooks';
import { ParleyError } from '../client/index.ts';
import { Icon } from './icons.tsx';
import { type Role, signInByName, signInWithToken } from './identity.ts';
import { refusalWords } from './words.ts';

/** Asks for a name; where the service gives no tokens by name, for a token. */
export function SignIn() {
  const [byToken, setByToken] = useState(false);
  const [problem, setProblem] = useState<string>();
  const [busy, setBusy] = useState(false);

  async function submit(value: string, role: Role) {
    if (value === '') return setProblem(byToken ? 'Paste a token first.' : 'Type your name first.');
    if (byToken) return signInWithToken(value);
    setBusy(true);
    try {
      await signInByName(value, role);
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

const ROLES: readonly (readonly [Role, string])[] = [
  ['member', 'As a member'],
  ['moderator', 'As a moderator, who may delete what others write, and sets a room’s policy'],
  ['admin', 'As an admin'],
];

type FormProps = {
  byToken: boolean;
  busy: boolean;
  problem: string | undefined;
  onSubmit(value: string, role: Role): Promise<void> | void;
};

function Form({ byToken, busy, problem, onSubmit }: FormProps) {
  const [value, setValue] = useState('');
  const [role, setRole] = useState<Role>('member');
  return (
    <form
      onSubmit={event => {
        event.preventDefault();
        void onSubmit(value.trim(), role);
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
        <fieldset class="choose-role">
          <legend>Come in</legend>
          {ROLES.map(([name, words]) => (
            <label class="check" key={name}>
              <input type="radio" name="role" checked={role === name} onChange={() => setRole(name)} />
              {words}
            </label>
          ))}
        </fieldset>
      )}
      <button type="submit" class="primary" data-testid="sign-in-button" disabled={busy}>
        {busy ? 'One moment…' : 'Come in'}
      </button>
    </form>
  );
}
