import type { ComponentChildren } from 'preact';

type Props = {
  name: string;
  problem: string | undefined;
  told?: string | undefined;
  children?: ComponentChildren;
};

/** What came of the last try, in view whatever was scrolled. */
export function Told({ name, problem, told, children }: Props) {
  return (
    <div class="told">
      <p class="problem" role="alert" data-testid={`${name}-problem`}>
        {problem}
      </p>
      {children}
      <p class="good" role="status" data-testid={`${name}-told`}>
        {told}
      </p>
    </div>
  );
}
