import { defineConfig } from 'vite';
import targets from '../targets.json';

/** The SDK as one ES module. Minifying an npm package is left to the bundler of whoever installs it. */
export default defineConfig({
  root: import.meta.dirname,
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: targets,
    minify: false,
    reportCompressedSize: false,
    rolldownOptions: { output: { codeSplitting: false } },
    lib: { entry: 'src/index.ts', formats: ['es'], fileName: () => 'eyeline.js' },
  },
});
