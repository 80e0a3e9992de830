import type { RunReport } from '../../client/index.ts';
import { changesOf, countWords, kindWords, sampleWords } from './run-words.ts';

/** What a run found or did: by kind, by rule, and some of the messages. */
export function Report({ report }: { report: RunReport }) {
  const changes = changesOf(report);
  const { dryRun } = report.run;
  return (
    <div data-testid="run-report">
      {changes.length === 0 && (
        <p class="hint">{dryRun ? 'Nothing would change.' : 'Nothing was changed.'}</p>
      )}
      <ul class="changes">
        {changes.map(({ kind, count }) => (
          <li key={kind}>
            <b>{count.toLocaleString()}</b> {kindWords(kind)}
          </li>
        ))}
      </ul>
      {report.rules.length > 0 && <Rules rules={report.rules} />}
      {report.samples.length > 0 && <Samples samples={report.samples} />}
    </div>
  );
}

function Rules({ rules }: Pick<RunReport, 'rules'>) {
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">Rule</th>
          <th scope="col">Hits now</th>
          <th scope="col">No longer</th>
        </tr>
      </thead>
      <tbody>
        {rules.map(({ rule, hits, misses }) => (
          <tr key={rule}>
            <th scope="row">
              <code>{rule}</code>
            </th>
            <td>{hits.toLocaleString()}</td>
            <td>{misses.toLocaleString()}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Samples({ samples }: Pick<RunReport, 'samples'>) {
  return (
    <details open={samples.length <= 10}>
      <summary>{countWords(samples.length, 'sample')}</summary>
      <ul class="noted">
        {samples.map(sample => (
          <li key={sample.id}>
            <p class="waiting-text" dir="auto">
              {sample.text ?? <i>gone</i>}
            </p>
            <p class="hint">
              {sampleWords(sample)} <code>{(sample.after.rules ?? []).join(', ')}</code>
            </p>
          </li>
        ))}
      </ul>
    </details>
  );
}
