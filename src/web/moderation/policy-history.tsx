import { useEffect, useState } from 'preact/hooks';
import type { PolicyVersion } from '../../client/index.ts';
import type { PolicyView } from './policy-view.ts';
import { noneWords, ruleWords, versionWords } from './version-words.ts';

/** Every version with its author, time and reason; each can be shown, and put into the form. */
export function PolicyHistory({ policy, onTaken }: { policy: PolicyView; onTaken(): void }) {
  const versions = policy.versions.value;
  useEffect(() => {
    if (versions === undefined) void policy.loadVersions();
  }, [versions]);
  if (versions === undefined) return <p class="hint">Fetching the history…</p>;
  if (versions.length === 0) return <p class="hint">{noneWords(policy.isDefault)}</p>;
  return (
    <>
      <ol class="versions" data-testid="versions">
        {versions.map(version => (
          <Version
            key={version.version}
            version={version}
            onTake={() => {
              policy.take(version);
              onTaken();
            }}
          />
        ))}
      </ol>
      {policy.hasOlder.value && (
        <button type="button" class="second" onClick={() => void policy.loadVersions()}>
          Older versions
        </button>
      )}
    </>
  );
}

function Version({ version, onTake }: { version: PolicyVersion; onTake(): void }) {
  const [open, setOpen] = useState(false);
  const name = `version ${version.version}`;
  return (
    <li>
      <p>{versionWords(version)}</p>
      {version.reason !== undefined && (
        <p class="reason" dir="auto">
          {version.reason}
        </p>
      )}
      <button
        type="button"
        class="link"
        aria-expanded={open}
        aria-label={`${open ? 'Hide' : 'Show'} ${name}`}
        onClick={() => setOpen(!open)}
      >
        {open ? 'Hide' : 'Show'}
      </button>{' '}
      <button type="button" class="link" aria-label={`Put into the form: ${name}`} onClick={onTake}>
        Put into the form
      </button>
      {open && <Shown version={version} />}
    </li>
  );
}

function Shown({ version: { policy } }: { version: PolicyVersion }) {
  const { rules, off = [], release, provider } = policy;
  return (
    <div class="old" data-testid="old-version">
      {rules.length === 0 && <p class="hint">No rules of its own.</p>}
      {rules.map(rule => {
        const { title, fields } = ruleWords(rule);
        return (
          <dl key={rule.id}>
            <dt>
              <code>{rule.id}</code> {title}
            </dt>
            {fields.map(({ label, words }) => (
              <dd key={label} dir="auto">
                {label}: {words}
              </dd>
            ))}
          </dl>
        );
      })}
      {off.length > 0 && <p>Inherited, but off here: {off.join(', ')}</p>}
      {release !== undefined && <p>Release: {release.mode}</p>}
      {provider !== undefined && <p>Where the provider gives no scores: {provider.whenDown}</p>}
    </div>
  );
}
