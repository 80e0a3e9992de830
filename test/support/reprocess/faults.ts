/** Where a test's worker kills itself, in the order of a page's life. */
export const FAULTS = ['planned', 'told', 'stored', 'settled'] as const;
export type ReprocessFault = (typeof FAULTS)[number];
