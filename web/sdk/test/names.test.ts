import { expect, test } from 'vitest';

const sources = import.meta.glob(['../src/**/*.ts', '../../app/src/**/*.{ts,tsx}'], {
  query: '?raw',
  import: 'default',
  eager: true,
});

const DECLARATION = /^export (?:abstract )?(?:class|interface|type|enum) (\w+)/gm;

test('no two files of the SDK and the app export a type under the same name', () => {
  const files = new Map<string, string[]>();
  for (const [file, text] of Object.entries(sources)) {
    for (const [, name = ''] of text.matchAll(DECLARATION)) files.set(name, [...(files.get(name) ?? []), file]);
  }

  expect(files.size).toBeGreaterThan(100);
  expect([...files].filter(([, declaredIn]) => declaredIn.length > 1)).toEqual([]);
});
