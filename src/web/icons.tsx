/** The page's few drawings. Each is decoration: the words stand beside it or in a label. */
const PATHS = {
  mark: 'M4 8.500A4.500 4.500 0 0 1 8.500 4h7A4.500 4.500 0 0 1 20 8.500v3a4.500 4.500 0 0 1-4.500 4.500H11l-4.600 3.700a.6.6 0 0 1-1-.5V15.400A4.500 4.500 0 0 1 4 11.500z',
  menu: 'M4 7h16M4 12h16M4 17h16',
  send: 'M5 12h13M12.500 6.500 18 12l-5.500 5.500',
  down: 'M12 5v13M6.500 12.500 12 18l5.500-5.500',
  clock: 'M12 8v4.300l2.600 1.700M20 12a8 8 0 1 1-16 0 8 8 0 0 1 16 0z',
  check: 'm5.500 12.500 4.200 4.200 8.800-9',
  checks: 'm2.500 12.800 4 4 8-8.600M11.800 16.300l.6.5 8-8.600',
  shield: 'M12 3.800 5.500 6.200v5c0 4.300 2.700 7.500 6.500 9 3.800-1.500 6.500-4.700 6.500-9v-5z',
  eye: 'M3 12c2.200-4 5.200-6 9-6s6.800 2 9 6c-2.200 4-5.200 6-9 6s-6.800-2-9-6zM14.700 12a2.700 2.700 0 1 1-5.400 0 2.700 2.700 0 0 1 5.400 0z',
  alert: 'M12 8v5M12 16.200v.3M20 12a8 8 0 1 1-16 0 8 8 0 0 1 16 0z',
  leave:
    'M14 5H7.500A1.500 1.500 0 0 0 6 6.500v11A1.500 1.500 0 0 0 7.500 19H14M10.500 12H20m-3.500-3.500L20 12l-3.500 3.500',
  reply: 'M9.500 6 4.500 11l5 5M5 11h8.500a6 6 0 0 1 6 6v1',
  close: 'm6.500 6.500 11 11m0-11-11 11',
} as const;

export function Icon({ name }: { name: keyof typeof PATHS }) {
  return (
    <svg class={`icon icon-${name}`} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
