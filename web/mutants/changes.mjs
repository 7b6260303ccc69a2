// Which changes belong to the sample, and what came of each: shared by the run and its checker, which are two processes.

import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const WEB = fileURLToPath(new URL('..', import.meta.url));
export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const RESULTS = `${ROOT}.make/mutants-sdk.jsonl`;

/** One change in this many belongs to the sample. */
const ONE_IN = Number(process.env.ONE_IN ?? 20);
const SEED = process.env.SEED ?? '1';

const sources = new Map();

function source(file) {
  if (!sources.has(file)) {
    const text = readFileSync(WEB + file, 'utf8');
    sources.set(file, { lines: text.split('\n'), digest: digest(text) });
  }
  return sources.get(file);
}

function digest(text) {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/** The path of the mutant's file below `web`. */
function fileOf(mutant) {
  return mutant.fileName.slice(mutant.fileName.lastIndexOf('/sdk/src/') + 1);
}

/** A name that stays the same when other lines of the file change.  Stryker counts lines from 0. */
function nameOf(mutant) {
  const { line, column } = mutant.location.start;
  const text = source(fileOf(mutant)).lines[line] ?? '';
  const indent = text.length - text.trimStart().length;
  return `${mutant.mutatorName} at ${column - indent} of ${text.trim()} becomes ${mutant.replacement}`;
}

export function isInSample(mutant) {
  const number = parseInt(digest(`${SEED} ${fileOf(mutant)} ${nameOf(mutant)}`).slice(0, 8), 16);
  return number % ONE_IN === 0;
}

/** What came of each change whose file is still the same, by its file and name. */
export function readResults() {
  const results = new Map();
  for (const line of existsSync(RESULTS) ? readFileSync(RESULTS, 'utf8').split('\n') : []) {
    const result = line && JSON.parse(line);
    if (result && existsSync(WEB + result.file) && source(result.file).digest === result.source) {
      results.set(`${result.file} ${result.name}`, result);
    }
  }
  return results;
}

export function resultOf(results, mutant) {
  return results.get(`${fileOf(mutant)} ${nameOf(mutant)}`);
}

export function keepResult(mutant, verdict) {
  const file = fileOf(mutant);
  const result = { file, name: nameOf(mutant), ...verdict, source: source(file).digest };
  appendFileSync(RESULTS, `${JSON.stringify(result)}\n`);
}
