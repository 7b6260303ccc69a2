import { expect, test } from 'vitest';

const SDK = import.meta.glob('../src/**/*.ts', { query: '?raw', import: 'default', eager: true });
const APP = import.meta.glob('../../app/src/**/*.{ts,tsx}', { query: '?raw', import: 'default', eager: true });

const DECLARATION = /^export (?:abstract )?(?:class|interface|type|enum) (\w+)/gm;
const IMPORT = / from '(\.[^']+)'/g;

test('no two files of the SDK and the app export a type under the same name', () => {
  const files = new Map<string, string[]>();
  for (const [file, text] of Object.entries({ ...SDK, ...APP })) {
    for (const [, name = ''] of text.matchAll(DECLARATION)) files.set(name, [...(files.get(name) ?? []), file]);
  }

  expect(files.size).toBeGreaterThan(100);
  expect([...files].filter(([, declaredIn]) => declaredIn.length > 1)).toEqual([]);
});

test('the SDK has no import cycle', () => {
  const imports = (file: string): string[] =>
    [...(SDK[file] ?? '').matchAll(IMPORT)].map(([, path = '']) => join(file, path));
  const cycles: string[] = [];
  const clean = new Set<string>();
  const follow = (file: string, above: readonly string[]): void => {
    if (above.includes(file)) cycles.push([...above.slice(above.indexOf(file)), file].join(' > '));
    if (above.includes(file) || clean.has(file)) return;
    for (const next of imports(file)) follow(next, [...above, file]);
    clean.add(file);
  };
  for (const file of Object.keys(SDK)) follow(file, []);

  expect(clean.size).toBe(Object.keys(SDK).length);
  expect(cycles).toEqual([]);
});

/** The path of `import ... from path` in that file, below this folder. */
function join(file: string, path: string): string {
  const parts = file.split('/').slice(1, -1);
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '.') parts.push(part);
  }
  return ['..', ...parts].join('/');
}
