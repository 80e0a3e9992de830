/** Every case on every engine; in the end what came out is compared, and a table says how each went. */
import assert from 'node:assert/strict';
import type { EngineCase } from './cases.ts';
import { type EngineName, type EngineSystem, startEngineSystem } from './system.ts';

const ENGINES: EngineName[] = ['temporal', 'bullmq'];
const CASE_TIMEOUT_MS = 400_000;

/** Defines the tests of these cases. */
export function conformance(cases: EngineCase[]) {
  const came = new Map<string, unknown>();
  const took = new Map<string, string>();
  const key = (engine: EngineName, name: string) => `${engine} ${name}`;

  for (const engine of ENGINES) {
    describe(`the pipeline on ${engine}`, () => {
      let system: EngineSystem;
      before(async function () {
        this.timeout(240_000);
        system = await startEngineSystem(engine);
      });
      after(async function () {
        this.timeout(120_000);
        await system?.close();
      });
      for (const [i, { name, run }] of cases.entries()) {
        it(name, async function () {
          this.timeout(CASE_TIMEOUT_MS);
          const since = Date.now();
          took.set(key(engine, name), 'FAIL');
          const answer = await run(system, `engines-${i}`);
          came.set(key(engine, name), answer);
          took.set(key(engine, name), `pass ${((Date.now() - since) / 1_000).toFixed(1)} s`);
        });
      }
    });
  }

  describe('both engines', () => {
    for (const { name } of cases) {
      it(`give the same: ${name}`, () => {
        const [one, ...others] = ENGINES.map(engine => came.get(key(engine, name)));
        assert.ok(one !== undefined, 'it did not come to an end');
        for (const other of others) assert.deepEqual(other, one);
      });
    }
    after(() => {
      const width = Math.max(...cases.map(({ name }) => name.length));
      const row = (name: string, cells: string[]) =>
        `    ${name.padEnd(width)}  ${cells.map(cell => cell.padEnd(12)).join('  ')}\n`;
      process.stdout.write(`\n${row('', ENGINES)}`);
      for (const { name } of cases) {
        process.stdout.write(
          row(
            name,
            ENGINES.map(engine => took.get(key(engine, name)) ?? '-'),
          ),
        );
      }
    });
  });
}
