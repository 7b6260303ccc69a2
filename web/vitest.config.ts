import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    environment: 'node',
    include: ['**/test/**/*.test.ts'],
    maxWorkers: 2,
    coverage: { include: ['{sdk,app}/src/**/*.{ts,tsx}'], reporter: ['text-summary'] },
  },
});
