import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** What each room of the house may import values from; types may come from anywhere. Longest prefix first. */
const MAY_IMPORT: [folder: string, from: string[]][] = [
  ['src/message.ts', []],
  ['src/errors.ts', []],
  ['src/logger.ts', ['src/noted.ts']],
  ['src/noted.ts', []],
  ['src/repeating.ts', []],
  ['src/metrics.ts', []],
  ['src/admin.ts', []],
  ['src/config.ts', ['src/config-reader.ts']],
  ['src/config-reader.ts', []],
  ['src/moderation/', ['src/moderation/', 'src/message.ts']],
  ['src/provider/', ['src/provider/']],
  ['src/judging/', ['src/judging/', 'src/moderation/', 'src/enrichment/', 'src/message.ts']],
  ['src/enrichment/', ['src/enrichment/', 'src/message.ts']],
  ['src/rooms/', ['src/rooms/', 'src/message.ts', 'src/errors.ts', 'src/repeating.ts']],
  ['src/store/', ['src/store/', 'src/message.ts', 'src/errors.ts']],
  ['src/pipeline/bullmq/', ['src/pipeline/', 'workflows/', 'src/message.ts', 'src/errors.ts']],
  ['src/pipeline/temporal/', ['src/pipeline/', 'workflows/', 'src/message.ts', 'src/errors.ts']],
  [
    'src/pipeline/',
    ['src/pipeline/', 'workflows/tasks.ts', 'src/message.ts', 'src/errors.ts', 'src/repeating.ts'],
  ],
  ['src/reprocess/', ['src/reprocess/', 'src/moderation/', 'src/store/', 'src/message.ts', 'src/errors.ts']],
  ['src/retention/', ['src/retention/', 'src/store/', 'src/message.ts', 'src/errors.ts']],
  ['src/digest/', ['src/digest/']],
  [
    'src/front/',
    ['src/front/', 'src/digest/days.ts', 'src/rooms/', 'src/message.ts', 'src/errors.ts', 'src/admin.ts'],
  ],
  ['src/audit/', ['src/audit/', 'src/rooms/', 'src/message.ts', 'src/errors.ts']],
  ['src/export/', ['src/export/', 'src/rooms/', 'src/message.ts', 'src/errors.ts']],
  ['src/client/', ['src/client/', 'src/message.ts']],
  ['src/web/', ['src/web/', 'src/client/', 'src/message.ts']],
  ['workflows/', ['workflows/', 'src/message.ts']],
  [
    'activities/',
    [
      'activities/',
      'workflows/steps.ts',
      'src/rooms/',
      'src/store/',
      'src/reprocess/',
      'src/message.ts',
      'src/errors.ts',
    ],
  ],
];

/** Packages that belong to one place. */
const HOMES: Record<string, string[]> = {
  'express-ws': ['src/front/app.ts'],
  express: ['src/front/'],
  pg: ['src/store/', 'src/stack/'],
  ioredis: ['src/rooms/', 'src/stack/'],
  '@temporalio/workflow': ['workflows/'],
  '@temporalio/worker': ['src/pipeline/temporal/'],
  '@temporalio/client': ['src/pipeline/temporal/'],
  '@temporalio/activity': ['src/pipeline/temporal/'],
  bullmq: ['src/pipeline/bullmq/'],
  '@bull-board/api': ['src/pipeline/bullmq/'],
  '@bull-board/express': ['src/pipeline/bullmq/'],
  obscenity: ['src/moderation/'],
};

type Import = { file: string; from: string };

function sources(): string[] {
  return ['src', 'workflows', 'activities']
    .flatMap(folder =>
      readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map(name => join(folder, name)),
    )
    .filter(name => /\.tsx?$/.test(name));
}

/** Imports of values: `import type`, and imports whose every name is a type, leave nothing behind. */
function valueImports(file: string): Import[] {
  const text = readFileSync(join(ROOT, file), 'utf8');
  const later = [...text.matchAll(/\bimport\('([^']+)'\)/g)].map(([, from]) => ({ file, from: from! }));
  const atOnce = [...text.matchAll(/^(?:import|export) (?!type )([^;]*?)(?: from )?'([^']+)';/gms)].flatMap(
    ([, names = '', from]) => {
      const list = /^\{(.*)\}$/s.exec(names.trim())?.[1];
      const onlyTypes = list?.split(',').every(name => name.trim() === '' || name.trim().startsWith('type '));
      return onlyTypes ? [] : [{ file, from: from! }];
    },
  );
  return [...atOnce, ...later];
}

describe('layout', () => {
  const imports = sources().flatMap(valueImports);
  const own = imports
    .filter(({ from }) => from.startsWith('.'))
    .map(({ file, from }) => ({ file, from: relative(ROOT, resolve(ROOT, dirname(file), from)) }));

  it('finds the imports it is about', () => {
    assert.ok(own.length > 100);
    const has = (file: string, from: string) => own.some(one => one.file === file && one.from === from);
    assert.ok(has('src/context/gateway.ts', 'src/rooms/hub.ts'));
    assert.ok(has('src/engine.ts', 'src/pipeline/bullmq/start.ts'), 'those that come later, too');
  });

  it('has imports that point one way', () => {
    const wrong = own.filter(({ file, from }) => {
      const rule = MAY_IMPORT.find(([folder]) => file.startsWith(folder));
      return rule !== undefined && !rule[1].some(allowed => from.startsWith(allowed));
    });
    assert.deepEqual(wrong, []);
  });

  it('keeps each engine, database and framework in its own place', () => {
    const wrong = imports.filter(({ file, from }) => {
      const homes = HOMES[from];
      return homes !== undefined && !homes.some(home => file.startsWith(home));
    });
    assert.deepEqual(wrong, []);
  });

  it('reads the environment in src/config.ts, and in what starts processes, alone', () => {
    const wrong = sources().filter(
      file =>
        /process\.env/.test(readFileSync(join(ROOT, file), 'utf8')) &&
        !/^src\/(config|start|trace|audit|dead-letters|export|reprocess|purge|erase|schedule|digest)\.ts$|^src\/stack\/|^src\/demo\//.test(
          file,
        ),
    );
    assert.deepEqual(wrong, []);
  });
});
