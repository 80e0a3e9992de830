/**
 * A part that cannot be had, a port that is taken: something the user can cure. `message` is one sentence that
 * says what is wrong and what to do; it is printed alone, without a stack.
 */
export class Trouble extends Error {
  override name = 'Trouble';
}

/** The orderly end was asked for while something was still being started; nobody needs to hear of it. */
export class Stopping extends Error {
  override name = 'Stopping';
  constructor() {
    super('the stack is being stopped');
  }
}
