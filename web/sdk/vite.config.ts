import { defineConfig } from 'vite';

/** The SDK as one ES module. Minifying an npm package is left to the bundler of whoever installs it. */
export default defineConfig({
  root: import.meta.dirname,
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2022',
    minify: false,
    reportCompressedSize: false,
    lib: { entry: 'src/index.ts', formats: ['es'], fileName: () => 'eyeline.js' },
  },
});
