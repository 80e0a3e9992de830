/** A room's policy, or the default, as the panel shows it: what is stored, what is being changed, and its history. */
import { batch, signal } from '@preact/signals';
import { ParleyError, type Policies, type PolicyVersion } from '../../client/index.ts';
import type { Policy } from '../../moderation/policy/types.ts';
import { type Fault, moderationRefusal } from './attempt.ts';
import { draftOf, type PolicyDraft, policyOf } from './draft.ts';

export type PolicyView = ReturnType<typeof createPolicyView>;

/** Versions that the panel holds; older ones are not offered beyond it. */
const MAX_VERSIONS = 200;
const POLICY_PATH = 'policy.';
const NONE: PolicyVersion = { version: 0, policy: { schema: 1, rules: [] } };

/** The default inherits from none. */
export function createPolicyView(policies: Policies, from?: Policies) {
  const own = signal<PolicyVersion | undefined>(undefined);
  const inherited = signal<PolicyVersion | undefined>(undefined);
  const draft = signal<PolicyDraft | undefined>(undefined);
  const reason = signal('');
  const fault = signal<Fault | undefined>(undefined);
  /** Why nothing can be shown or saved, in words. */
  const problem = signal<string | undefined>(undefined);
  /** What went well. */
  const told = signal<string | undefined>(undefined);
  /** One's changes that another's version was in the way of. */
  const aside = signal<PolicyDraft | undefined>(undefined);
  const busy = signal(false);
  const versions = signal<readonly PolicyVersion[] | undefined>(undefined);
  const hasOlder = signal(false);

  /** The draft as it was loaded: another one was changed. */
  let clean: PolicyDraft | undefined;

  /** Reads both policies anew and drops what was changed in the form. */
  async function load(): Promise<boolean> {
    try {
      const [stored, base] = await Promise.all([policies.read(), from?.read() ?? NONE]);
      batch(() => {
        own.value = stored;
        inherited.value = base;
        clean = draft.value = draftOf(stored.policy, base.policy.rules);
        problem.value = undefined;
        fault.value = undefined;
      });
      return true;
    } catch (error) {
      problem.value = moderationRefusal(error);
      return false;
    }
  }

  const draftFor = (policy: Policy) => draftOf(policy, inherited.value?.policy.rules ?? []);

  function change(next: Partial<PolicyDraft>) {
    if (draft.value === undefined) return;
    draft.value = { ...draft.value, ...next };
    told.value = undefined;
  }

  async function save(): Promise<void> {
    const [based, changed] = [own.value, draft.value];
    if (based === undefined || changed === undefined || busy.value) return;
    busy.value = true;
    fault.value = problem.value = told.value = undefined;
    const why = reason.value.trim();
    try {
      const given = { policy: policyOf(changed), version: based.version };
      const stored = await policies.save(why === '' ? given : { ...given, reason: why });
      batch(() => {
        own.value = stored;
        clean = draft.value = draftFor(stored.policy);
        reason.value = '';
        aside.value = undefined;
        versions.value = undefined;
        told.value = `Saved as version ${stored.version}. It counts within two seconds.`;
      });
    } catch (error) {
      await refused(error, changed);
    } finally {
      busy.value = false;
    }
  }

  async function refused(error: unknown, changed: PolicyDraft): Promise<void> {
    if (!(error instanceof ParleyError)) throw error;
    const { code, path, message } = error;
    if (code === 'id_conflict') {
      if (!(await load())) return;
      const { version, author } = own.value!;
      aside.value = changed;
      versions.value = undefined;
      problem.value = `${author ?? 'Somebody'} saved version ${version} meanwhile. It is shown now; your changes were not saved.`;
    } else if (code === 'invalid_field' && path !== undefined) {
      fault.value = { path: path.startsWith(POLICY_PATH) ? path.slice(POLICY_PATH.length) : path, message };
    } else problem.value = moderationRefusal(error);
  }

  /** Reads the next page of the history. */
  async function loadVersions(): Promise<void> {
    const known = versions.value ?? [];
    try {
      const before = known.at(-1)?.version;
      const { versions: page } = await policies.versions(before === undefined ? {} : { before });
      const all = [...known, ...page].slice(0, MAX_VERSIONS);
      versions.value = all;
      hasOlder.value = (page.at(-1)?.version ?? 1) > 1 && all.length < MAX_VERSIONS;
    } catch (error) {
      problem.value = moderationRefusal(error);
    }
  }

  return {
    isDefault: from === undefined,
    own,
    inherited,
    draft,
    reason,
    fault,
    problem,
    told,
    aside,
    busy,
    versions,
    hasOlder,
    load,
    /** Shows what is stored; changes that were not saved stay in the form. */
    async open() {
      if (draft.value === clean) await load();
    },
    change,
    save,
    loadVersions,
    /** Puts back what another's version was in the way of. */
    bringBack() {
      if (aside.value !== undefined) change(aside.value);
      aside.value = problem.value = undefined;
    },
    /** Puts an old version into the form; it counts once it is saved. */
    take(version: PolicyVersion) {
      change(draftFor(version.policy));
      told.value = `Version ${version.version} is in the form. It counts once you save it.`;
    },
  };
}
