import { type PolicyDraft, ruleDraftOf } from './draft.ts';
import { TYPE_WORDS } from './fields.ts';
import type { PolicyView } from './policy-view.ts';

/** The rules of all rooms: which of them count here, and a way to have one otherwise here. */
export function InheritedRules({ policy, draft }: { policy: PolicyView; draft: PolicyDraft }) {
  const { rules = [], off: dropped = [] } = policy.inherited.value?.policy ?? {};
  const replaced = new Set(draft.rules.map(({ id }) => id));
  const left = rules.filter(({ id }) => !dropped.includes(id));
  if (left.length === 0) return null;
  return (
    <details class="inherited">
      <summary data-testid="inherited">Inherited rules ({left.length})</summary>
      <ul>
        {left.map(rule => (
          <li key={rule.id}>
            <label class="check">
              <input
                type="checkbox"
                checked={!draft.off.includes(rule.id)}
                onChange={event =>
                  policy.change({
                    off: event.currentTarget.checked
                      ? draft.off.filter(id => id !== rule.id)
                      : [...draft.off, rule.id],
                  })
                }
              />
              <span>
                <code>{rule.id}</code> {TYPE_WORDS[rule.type]}, {rule.action}
              </span>
            </label>
            {replaced.has(rule.id) ? (
              <span class="hint">changed here</span>
            ) : (
              <button
                type="button"
                class="link"
                aria-label={`Change here: ${rule.id}`}
                onClick={() => policy.change({ rules: [...draft.rules, ruleDraftOf(rule, true)] })}
              >
                Change here
              </button>
            )}
          </li>
        ))}
      </ul>
    </details>
  );
}
