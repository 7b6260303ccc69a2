import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: {
    alias: {
      '@eyeline/sdk': `${import.meta.dirname}/sdk/src/index.ts`,
      '@eyeline/app': `${import.meta.dirname}/app/src`,
    },
  },
  test: {
    environment: 'node',
    include: ['**/test/**/*.test.{ts,tsx}'],
    testTimeout: 20_000,
    // Render tests load no style sheets and treat them as loaded; `css` keeps the addresses of those in code.
    environmentOptions: {
      happyDOM: { settings: { disableCSSFileLoading: true, handleDisabledFileLoadingAsSuccess: true } },
    },
    css: true,
    maxWorkers: 2,
    coverage: { include: ['{sdk,app,phone}/src/**/*.{ts,tsx}'], reporter: ['text-summary'] },
  },
});
