/** What a policy says as a whole, beside its rules. */
import type { Rule } from '../../moderation/policy/types.ts';
import type { Fault } from './attempt.ts';
import type { PolicyDraft, ReleaseDraft } from './draft.ts';
import { Choice, TextInput } from './input.tsx';

const MODES = [
  ['live', 'Live: shown at once, judged moments later'],
  ['inline', 'Inline: text rules are asked before it is shown'],
  ['gated', 'Gated: shown once it is judged'],
] as const;
const AFTERWARDS = [
  ['', 'not said'],
  ['open', 'it is shown'],
  ['closed', 'it stays held'],
] as const;

type ReleaseProps = {
  draft: ReleaseDraft;
  isDefault: boolean;
  fault: Fault | undefined;
  onChange(draft: ReleaseDraft): void;
};

/** Who sees a message before it is judged. */
export function Release({ draft, isDefault, fault, onChange }: ReleaseProps) {
  return (
    <section aria-labelledby="release">
      <h3 id="release">When messages are shown</h3>
      <Choice
        label="Release"
        place="release.mode"
        fault={fault}
        value={draft.mode}
        options={[['', isDefault ? 'Not said: live' : 'As all rooms'], ...MODES]}
        onChange={mode => onChange({ ...draft, mode })}
      />
      {draft.mode === 'gated' && (
        <>
          <TextInput
            label="Held for seconds at most (may stay empty)"
            place="release.deadlineMs"
            fault={fault}
            numeric
            value={draft.deadlineSeconds}
            onChange={deadlineSeconds => onChange({ ...draft, deadlineSeconds })}
          />
          <Choice
            label="After that"
            place="release.afterDeadline"
            fault={fault}
            value={draft.afterDeadline}
            options={AFTERWARDS}
            onChange={afterDeadline => onChange({ ...draft, afterDeadline })}
          />
        </>
      )}
    </section>
  );
}

const WHEN_DOWN = [
  ['open', 'it is judged without'],
  ['closed', 'it is held'],
] as const;

type WhenDownProps = {
  draft: PolicyDraft;
  isDefault: boolean;
  /** The rules of all rooms. */
  inherited: readonly Rule[];
  fault: Fault | undefined;
  onChange(whenDown: string): void;
};

/** Asked only where a rule looks at the provider's scores, or it was chosen before. */
export function WhenDown({ draft, isDefault, inherited, fault, onChange }: WhenDownProps) {
  const matters = [...inherited, ...draft.rules].some(({ type }) => type === 'provider');
  if (!matters && draft.whenDown === '') return null;
  return (
    <section aria-labelledby="when-down">
      <h3 id="when-down">The external provider</h3>
      <Choice
        label="A text that it gives no scores for"
        place="provider.whenDown"
        fault={fault}
        value={draft.whenDown}
        options={[['', isDefault ? 'Not said: it is judged without' : 'As all rooms'], ...WHEN_DOWN]}
        onChange={onChange}
      />
    </section>
  );
}
