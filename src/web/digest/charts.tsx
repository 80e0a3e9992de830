/** Small charts of counts. Each drawing is decoration: its numbers stand in words or in a table beside it. */
import type { Digest } from '../../client/index.ts';
import { hoursWords, hourWords, messagesWords, spanWords } from './digest-words.ts';

const HEIGHT = 40;
/** A count that is not nothing is to be seen. */
const LEAST = 1.5;

/** How high a bar is among others, the highest of which is `most`. */
const heightOf = (count: number, most: number) =>
  count === 0 ? 0 : Math.max(LEAST, (count / Math.max(1, most)) * HEIGHT);

/** One bar, as wide as there is room. */
export function Bar({ count, most }: { count: number; most: number }) {
  const height = heightOf(count, most);
  return (
    <svg class="bar-of" viewBox={`0 0 10 ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
      <rect class="track" width="10" height={HEIGHT} />
      <rect class="count" y={HEIGHT - height} width="10" height={height} />
    </svg>
  );
}

/** The hours of a day, and on demand as a table. */
export function Hours({ digest }: { digest: Digest }) {
  const { hours, busiestHour } = digest;
  const most = hours[busiestHour] ?? 0;
  return (
    <figure class="hours">
      <figcaption>{hoursWords(digest)}</figcaption>
      <svg viewBox={`0 0 240 ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
        {hours.map((count, hour) => {
          const height = heightOf(count, most);
          const kind = hour === busiestHour ? 'count most' : 'count';
          return (
            <g key={hourWords(hour)}>
              <title>{`${spanWords(hour)}: ${messagesWords(count)}`}</title>
              <rect class="track" x={hour * 10 + 1} width="8" height={HEIGHT} />
              <rect class={kind} x={hour * 10 + 1} y={HEIGHT - height} width="8" height={height} />
            </g>
          );
        })}
      </svg>
      <p class="axis" aria-hidden="true">
        {[0, 6, 12, 18].map(hour => (
          <span key={hour}>{hourWords(hour)}</span>
        ))}
      </p>
      <details>
        <summary>The hours as a table</summary>
        <table data-testid="digest-table">
          <thead>
            <tr>
              <th scope="col">Hour (UTC)</th>
              <th scope="col">Messages</th>
            </tr>
          </thead>
          <tbody>
            {hours.map((count, hour) => (
              <tr key={hourWords(hour)}>
                <th scope="row">{hourWords(hour)}</th>
                <td>{count.toLocaleString()}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </figure>
  );
}

const MOODS = ['positive', 'neutral', 'negative'] as const;

/** Positive, neutral and negative as parts of one bar. */
export function Mood({ mood }: Pick<Digest, 'mood'>) {
  const all = Math.max(
    1,
    MOODS.reduce((sum, label) => sum + mood[label], 0),
  );
  let start = 0;
  return (
    <div class="mood">
      <svg viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
        <rect class="track" width="100" height="6" />
        {MOODS.map(label => {
          const width = (mood[label] / all) * 100;
          const x = start;
          start += width;
          return <rect key={label} class={label} x={x} width={width} height="6" />;
        })}
      </svg>
      <ul>
        {MOODS.map(label => (
          <li key={label}>
            <span class={`dot ${label}`} aria-hidden="true" />
            {mood[label].toLocaleString()} {label}
          </li>
        ))}
      </ul>
    </div>
  );
}

/** Names with their counts, each beside a bar of its share. */
export function Counts({ counts, of }: { counts: [name: string, count: number][]; of: number }) {
  return (
    <ul class="counts">
      {counts.map(([name, count]) => (
        <li key={name}>
          <span>{name}</span>
          <svg viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
            <rect class="track" width="100" height="6" />
            <rect class="count" width={(count / Math.max(1, of)) * 100} height="6" />
          </svg>
          <span class="number">{count.toLocaleString()}</span>
        </li>
      ))}
    </ul>
  );
}
