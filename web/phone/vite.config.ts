import { defineConfig } from 'vite';
import targets from '../targets.json';

/** The softphone: a page of its own, so that nothing of it is loaded for a call in a room. */
export default defineConfig({
  root: import.meta.dirname,
  base: './',
  resolve: { tsconfigPaths: true },
  build: {
    outDir: '../../src/eyeline/web',
    emptyOutDir: false,
    target: targets,
    assetsInlineLimit: 0,
    modulePreload: false,
    reportCompressedSize: false,
    license: { fileName: 'phone-third-party.txt' },
    rolldownOptions: { input: `${import.meta.dirname}/phone.html` },
  },
});
