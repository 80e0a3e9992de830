import { ACTIONS, type Action } from '../../message.ts';
import { Icon } from '../icons.tsx';
import type { Fault } from './attempt.ts';
import { ACTION_WORDS, type RuleDraft, type Value } from './draft.ts';
import { FIELDS, type Field, TYPE_WORDS } from './fields.ts';
import { Choice, TextInput } from './input.tsx';

const EVERY_ACTION = ACTIONS.map(action => [action, ACTION_WORDS[action]] as const);
const ALLOW_ALONE = EVERY_ACTION.filter(([action]) => action === 'allow');
const FLAGS = [
  ['', 'not said'],
  ['yes', 'yes'],
  ['no', 'no'],
] as const;

type Props = {
  rule: RuleDraft;
  /** `rules[i]`. */
  place: string;
  fault: Fault | undefined;
  onChange(rule: RuleDraft): void;
  onRemove(): void;
};

/** One rule of the room's own: its name, what it does, and what it looks at. */
export function RuleEditor({ rule, place, fault, onChange, onRemove }: Props) {
  const set = (name: string, value: Value) =>
    onChange({ ...rule, values: { ...rule.values, [name]: value } });
  return (
    <li>
      <fieldset class="rule" data-testid="rule">
        <legend>
          {TYPE_WORDS[rule.type]} <code>{rule.id}</code>
        </legend>
        {!rule.replaces && (
          <TextInput
            label="Name of the rule"
            place={`${place}.id`}
            fault={fault}
            value={rule.id}
            onChange={id => onChange({ ...rule, id })}
          />
        )}
        <Choice
          label="What happens"
          place={`${place}.action`}
          fault={fault}
          value={rule.action}
          options={rule.type === 'except' ? ALLOW_ALONE : EVERY_ACTION}
          onChange={action => onChange({ ...rule, action: action as Action })}
        />
        {FIELDS[rule.type].map(field => (
          <RuleField
            key={field.name}
            field={field}
            place={`${place}.${field.name}`}
            fault={fault}
            value={rule.values[field.name] ?? ''}
            onChange={value => set(field.name, value)}
          />
        ))}
        <button type="button" class="link remove" onClick={onRemove}>
          <Icon name="trash" /> {rule.replaces ? 'As inherited again' : 'Remove this rule'}
        </button>
      </fieldset>
    </li>
  );
}

type FieldProps = {
  field: Field;
  place: string;
  fault: Fault | undefined;
  value: Value;
  onChange(value: Value): void;
};

function RuleField({ field, place, fault, value, onChange }: FieldProps) {
  const { kind, label, choices = [] } = field;
  const common = { label: field.optional && kind !== 'flag' ? `${label} (may stay empty)` : label, fault };
  if (typeof value === 'object') {
    return (
      <>
        <TextInput
          {...common}
          place={`${place}.above`}
          numeric
          value={value.above}
          onChange={above => onChange({ ...value, above })}
        />
        {value.above.trim() !== '' && (
          <Choice
            label="What happens then"
            fault={fault}
            place={`${place}.action`}
            value={value.action}
            options={EVERY_ACTION}
            onChange={action => onChange({ ...value, action: action as Action })}
          />
        )}
      </>
    );
  }
  if (kind === 'flag' || kind === 'choice') {
    const options = kind === 'flag' ? FLAGS : choices.map(choice => [choice, choice] as const);
    return <Choice {...common} place={place} value={value} options={options} onChange={onChange} />;
  }
  return (
    <TextInput
      {...common}
      place={place}
      lines={kind === 'list'}
      numeric={kind === 'number' || kind === 'share'}
      value={value}
      onChange={onChange}
      testId={`rule-${field.name}`}
    />
  );
}
