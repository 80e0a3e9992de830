/** The form's fields: a label, what is typed, and what is wrong with it. */
import type { ComponentChildren } from 'preact';
import { useId, useLayoutEffect, useRef } from 'preact/hooks';
import type { Fault } from './attempt.ts';
import { belongsTo } from './draft.ts';

type Common = {
  label: string;
  /** Where in the policy this is, as the service names it. */
  place: string;
  fault: Fault | undefined;
};
type TextProps = Common & {
  value: string;
  onChange(value: string): void;
  lines?: boolean;
  numeric?: boolean;
  testId?: string;
  /** Offered while one types; anything may be typed. */
  suggestions?: readonly string[];
};

/** A line of text, or several; takes the focus when the service finds it at fault. */
export function TextInput({
  value,
  onChange,
  lines = false,
  numeric = false,
  testId,
  suggestions,
  ...common
}: TextProps) {
  const field = useField<HTMLInputElement & HTMLTextAreaElement>(common);
  const shared = {
    ...field.attributes,
    value,
    dir: 'auto',
    spellcheck: false,
    'data-testid': testId,
    onInput: (event: { currentTarget: { value: string } }) => onChange(event.currentTarget.value),
  } as const;
  return (
    <Labelled field={field} label={common.label}>
      {lines ? (
        <textarea {...shared} rows={Math.min(6, Math.max(2, value.split('\n').length))} />
      ) : (
        <input
          {...shared}
          type="text"
          autocomplete="off"
          {...(numeric ? { inputMode: 'decimal' } : {})}
          {...(suggestions === undefined ? {} : { list: `${field.id}-list` })}
        />
      )}
      {suggestions !== undefined && (
        <datalist id={`${field.id}-list`}>
          {suggestions.map(one => (
            <option key={one} value={one} />
          ))}
        </datalist>
      )}
    </Labelled>
  );
}

type ChoiceProps = Common & {
  value: string;
  options: readonly (readonly [value: string, words: string])[];
  onChange(value: string): void;
};

/** One of a few. */
export function Choice({ value, options, onChange, ...common }: ChoiceProps) {
  const field = useField<HTMLSelectElement>(common);
  return (
    <Labelled field={field} label={common.label}>
      <select {...field.attributes} value={value} onChange={event => onChange(event.currentTarget.value)}>
        {options.map(([option, words]) => (
          <option key={option} value={option}>
            {words}
          </option>
        ))}
      </select>
    </Labelled>
  );
}

function useField<E extends HTMLElement>({ place, fault }: Common) {
  const id = useId();
  const ref = useRef<E>(null);
  const mine = fault !== undefined && belongsTo(fault.path, place) ? fault : undefined;
  useLayoutEffect(() => {
    if (mine !== undefined) ref.current?.focus();
  }, [mine]);
  const wrong = mine !== undefined;
  return {
    id,
    message: mine === undefined ? undefined : messageOf(mine, place),
    attributes: { id, ref, 'aria-invalid': wrong, 'aria-describedby': wrong ? `${id}-problem` : undefined },
  };
}

/** Which item of a list is at fault stands in the path; people count from one. */
function messageOf({ path, message }: Fault, place: string): string {
  const item = /^\[(\d+)\]/.exec(path.slice(place.length))?.[1];
  return item === undefined ? message : `Line ${Number(item) + 1}: ${message}`;
}

type LabelledProps = {
  field: { id: string; message: string | undefined };
  label: string;
  children: ComponentChildren;
};

function Labelled({ field, label, children }: LabelledProps) {
  return (
    <div class="field">
      <label for={field.id}>{label}</label>
      {children}
      {field.message !== undefined && (
        <p class="problem" id={`${field.id}-problem`} role="alert">
          {field.message}
        </p>
      )}
    </div>
  );
}
