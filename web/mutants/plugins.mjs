// Two plugins for Stryker: a checker that lets it try only the sample, and a reporter that keeps what came of each change.

import { declareClassPlugin, PluginKind } from '@stryker-mutator/api/plugin';
import { isInSample, keepResult, readResults, resultOf } from './changes.mjs';

class SampleChecker {
  #results = readResults();

  init() {
    return Promise.resolve();
  }

  check(mutants) {
    return Promise.resolve(Object.fromEntries(mutants.map((mutant) => [mutant.id, this.#verdict(mutant)])));
  }

  group(mutants) {
    return Promise.resolve([mutants.map((mutant) => mutant.id)]);
  }

  #verdict(mutant) {
    const wanted = isInSample(mutant) && !resultOf(this.#results, mutant)?.noticed;
    return wanted ? { status: 'passed' } : { status: 'compileError', reason: 'not to be tried' };
  }
}

class SampleReporter {
  #sample = new Map();
  #tests = new Map();

  onDryRunCompleted({ result }) {
    this.#tests = new Map(result.tests.map((test) => [test.id, test.name]));
  }

  onMutationTestingPlanReady({ mutantPlans }) {
    const planned = mutantPlans.filter(({ plan, mutant }) => plan === 'Run' && isInSample(mutant));
    this.#sample = new Map(planned.map(({ mutant }) => [mutant.id, mutant]));
    const results = readResults();
    const known = planned.filter(({ mutant }) => resultOf(results, mutant)?.noticed).length;
    process.stdout.write(
      `${mutantPlans.length} changes are possible, ${planned.length} in the sample, ${planned.length - known} to try\n`,
    );
  }

  onMutantTested({ id, status, killedBy }) {
    const mutant = this.#sample.get(id);
    if (!mutant || status === 'CompileError') {
      return;
    }
    const noticed = !['Survived', 'NoCoverage'].includes(status);
    keepResult(mutant, { noticed, status, by: this.#tests.get(killedBy?.[0]) });
  }

  onMutationTestReportReady() {
    const results = readResults();
    const folders = new Map();
    for (const mutant of this.#sample.values()) {
      const result = resultOf(results, mutant);
      const folder = result.file.split('/').slice(2, -1).join('/') || '.';
      const [noticed, tried] = folders.get(folder) ?? [0, 0];
      folders.set(folder, [noticed + Number(result.noticed), tried + 1]);
      if (!result.noticed) {
        process.stdout.write(`not noticed: ${result.file}:${mutant.location.start.line + 1} ${result.name}\n`);
      }
    }
    for (const [folder, [noticed, tried]] of [...folders].sort()) {
      process.stdout.write(
        `${folder}: ${noticed} of ${tried} changes noticed, ${Math.round((100 * noticed) / tried)} %\n`,
      );
    }
  }
}

export const strykerPlugins = [
  declareClassPlugin(PluginKind.Checker, 'sample', SampleChecker),
  declareClassPlugin(PluginKind.Reporter, 'sample', SampleReporter),
];
