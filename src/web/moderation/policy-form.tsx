import { useState } from 'preact/hooks';
import type { RuleType } from '../../moderation/policy/types.ts';
import type { Fault } from './attempt.ts';
import { Release, WhenDown } from './choices.tsx';
import { belongsTo, newRule, type PolicyDraft } from './draft.ts';
import { TYPE_WORDS, TYPES } from './fields.ts';
import { InheritedRules } from './inherited-rules.tsx';
import { Choice, TextInput } from './input.tsx';
import type { PolicyView } from './policy-view.ts';
import { RuleEditor } from './rule-editor.tsx';
import { noneWords, versionWords } from './version-words.ts';

/** The policy of the room, or the default, to change. What is wrong stands at its field. */
export function PolicyForm({ policy }: { policy: PolicyView }) {
  const draft = policy.draft.value;
  const own = policy.own.value;
  if (draft === undefined || own === undefined) return null;
  const fault = policy.fault.value;
  return (
    <form
      data-testid="policy-form"
      onSubmit={event => {
        event.preventDefault();
        void policy.save();
      }}
    >
      <p class="hint" data-testid="policy-version">
        {own.version === 0 ? noneWords(policy.isDefault) : versionWords(own)}
      </p>
      <OwnRules policy={policy} draft={draft} fault={fault} />
      <InheritedRules policy={policy} draft={draft} />
      <Release
        draft={draft.release}
        isDefault={policy.isDefault}
        fault={fault}
        onChange={release => policy.change({ release })}
      />
      <WhenDown
        draft={draft}
        isDefault={policy.isDefault}
        inherited={policy.inherited.value?.policy.rules ?? []}
        fault={fault}
        onChange={whenDown => policy.change({ whenDown })}
      />
      <Save policy={policy} />
    </form>
  );
}

type OwnProps = { policy: PolicyView; draft: PolicyDraft; fault: Fault | undefined };

function OwnRules({ policy, draft, fault }: OwnProps) {
  const inherited = policy.inherited.value?.policy.rules ?? [];
  const { rules } = draft;
  const add = (type: RuleType) => {
    const taken = [...inherited, ...rules].map(({ id }) => id);
    policy.change({ rules: [...rules, newRule(type, taken)] });
  };
  return (
    <section aria-labelledby="own-rules">
      <h3 id="own-rules">{policy.isDefault ? 'Rules of all rooms' : 'Rules of this room'}</h3>
      {rules.length === 0 && (
        <p class="hint">{policy.isDefault ? 'None.' : 'None yet: what all rooms inherit counts alone.'}</p>
      )}
      <ul class="rules">
        {rules.map((rule, i) => (
          <RuleEditor
            key={rule.key}
            rule={rule}
            place={`rules[${i}]`}
            fault={fault}
            onChange={next => policy.change({ rules: rules.with(i, next) })}
            onRemove={() => policy.change({ rules: rules.toSpliced(i, 1) })}
          />
        ))}
      </ul>
      <AddRule onAdd={add} />
    </section>
  );
}

function AddRule({ onAdd }: { onAdd(type: RuleType): void }) {
  const [type, setType] = useState<RuleType>('words');
  return (
    <div class="add">
      <Choice
        label="Kind of a new rule"
        place=""
        fault={undefined}
        value={type}
        options={TYPES.map(one => [one, TYPE_WORDS[one]] as const)}
        onChange={next => setType(next as RuleType)}
      />
      <button type="button" class="second" data-testid="add-rule" onClick={() => onAdd(type)}>
        Add rule
      </button>
    </div>
  );
}

function Save({ policy }: { policy: PolicyView }) {
  const fault = policy.fault.value;
  return (
    <section aria-label="Save">
      <TextInput
        label="Reason (for the history)"
        place="reason"
        fault={fault}
        value={policy.reason.value}
        testId="policy-reason"
        onChange={text => {
          policy.reason.value = text;
        }}
      />
      {fault !== undefined && !hasField(fault.path) && (
        <p class="problem" role="alert">
          {fault.message}
        </p>
      )}
      <button type="submit" class="primary" data-testid="policy-save" aria-disabled={policy.busy.value}>
        {policy.busy.value ? 'One moment…' : 'Save the policy'}
      </button>
    </section>
  );
}

/** What concerns the whole, as bounds that rules share, has no field. */
function hasField(path: string): boolean {
  return (
    /^rules\[\d+\]\./.test(path) || ['release', 'provider', 'reason'].some(place => belongsTo(path, place))
  );
}
