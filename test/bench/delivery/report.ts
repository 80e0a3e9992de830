import type { Figures, Load } from './measure.ts';

export type Row = { contender: string; load: Load; figures: Figures };
export type IdleRow = { contender: string; connections: number; bytesEach: number };

const HEAD = `contender    sent/acked     delivered  double   p50 ms   p99 ms p99.9 ms   deliveries/CPU-s    CPU-seconds of
                                                                     of the servers      servers  Redis pipeline drivers others`;

/** The load's lines, and how Parley stands to the others. */
export function loadReport(rows: Row[]): string {
  const { members, perSecond, seconds } = rows[0]!.load;
  const title = `${members} members x ${perSecond} message${perSecond === 1 ? '' : 's'}/s, ${seconds} s`;
  return [title, HEAD, ...rows.map(line), ...ratios(rows)].join('\n');
}

export function idleReport(rows: IdleRow[]): string {
  const lines = rows.map(
    ({ contender, connections, bytesEach }) =>
      `${contender.padEnd(12)} ${String(connections).padStart(6)} open   ${(bytesEach / 1_024).toFixed(1).padStart(7)} KiB each`,
  );
  return ['idle connections in rooms of 50: resident memory of the servers', ...lines].join('\n');
}

/** Deliveries for each second of the servers' CPU. */
export function perCpuSecond({ unique, cpu }: Figures): number {
  return unique / cpu.servers;
}

function line({ contender, figures }: Row): string {
  const { sent, unique, expected, doubles, lost, cpu, driversCpu, othersCpu } = figures;
  const ms = (value: number) => value.toFixed(2).padStart(8);
  const seconds = (value: number, width: number) => value.toFixed(2).padStart(width);
  const notes = [
    ...(lost > 0 ? [`${lost} connections lost`] : []),
    ...(sent.refused > 0 ? [`${sent.refused} refused: ${sent.firstRefusal}`] : []),
  ];
  return [
    contender.padEnd(12),
    `${sent.sent}/${sent.acked}`.padEnd(13),
    `${((100 * unique) / expected).toFixed(3)} %`.padStart(10),
    String(doubles).padStart(7),
    ms(figures.p50),
    ms(figures.p99),
    ms(figures.p999),
    Math.round(perCpuSecond(figures)).toLocaleString('en').padStart(18),
    seconds(cpu.servers, 12),
    seconds(cpu.redis, 6),
    seconds(cpu.pipeline, 8),
    seconds(driversCpu, 7),
    seconds(othersCpu, 6),
    ...notes,
  ].join(' ');
}

function ratios(rows: Row[]): string[] {
  const own = rows.find(({ contender }) => contender === 'Parley');
  if (own === undefined) return [];
  return rows
    .filter(row => row !== own)
    .map(({ contender, figures }) => {
      const times = (perCpuSecond(own.figures) / perCpuSecond(figures)).toFixed(2);
      const apart = (own.figures.p50 - figures.p50).toFixed(2);
      return `  Parley / ${contender}: ${times} times the deliveries per CPU-second of the servers; p50 ${apart} ms apart`;
    });
}
