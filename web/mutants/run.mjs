// Mutation testing of the SDK: `make mutants SIDE=sdk`.
//
// Makes small wrong changes to `web/sdk/src`, one at a time, in a copy of `web`, and runs the SDK's tests that reach the
// changed code.  Prints each change that no test notices, and how many were noticed.  The sample is the same for the same
// `SEED`; `ONE_IN` says how small it is.  Results are kept in `.make/mutants-sdk.jsonl`: run it again after a stop and it
// goes on, and run it again after writing a test and it tries what no test noticed before.

import { cpSync, rmSync, symlinkSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Stryker } from '@stryker-mutator/core';
import { ROOT, WEB } from './changes.mjs';

const COPY = `${ROOT}.make/mutants-sdk/`;

rmSync(COPY, { recursive: true, force: true });
for (const part of [
  'web/sdk',
  'web/vitest.config.ts',
  'web/package.json',
  'web/tsconfig.base.json',
  'tests/transcripts',
  'tests/vectors',
]) {
  cpSync(ROOT + part, COPY + part, { recursive: true });
}
// Architecture and targets are read from source and build, not run. The crowd takes as long as all other tests.
for (const test of ['architecture', 'browser-targets', 'crowd']) {
  rmSync(`${COPY}web/sdk/test/${test}.test.ts`);
}
symlinkSync(`${WEB}node_modules`, `${COPY}web/node_modules`);
process.chdir(`${COPY}web`);

setTimeout(() => process.exit(), Number(process.env.SECONDS ?? 1800) * 1000).unref();
await new Stryker({
  plugins: ['@stryker-mutator/vitest-runner', fileURLToPath(new URL('plugins.mjs', import.meta.url))],
  mutate: ['sdk/src/**/*.ts', '!sdk/src/signalling/protocol.ts'],
  // Most strings are words for people, or are checked by the compiler.
  mutator: { excludedMutations: ['StringLiteral'] },
  checkers: ['sample'],
  reporters: ['sample'],
  testRunner: 'vitest',
  coverageAnalysis: 'perTest',
  // What runs when a module is loaded: each of those changes would need a process of its own and all tests.
  ignoreStatic: true,
  inPlace: true,
  concurrency: 1,
  timeoutMS: 90_000,
}).runMutationTest();
