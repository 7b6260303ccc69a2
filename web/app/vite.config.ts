import { defineConfig, type Plugin } from 'vite';

const here = decodeURI(new URL('.', import.meta.url).pathname);

/** Asks for the latin font with the page itself, so that words don't change their look when the style has come. */
function preloadFont(): Plugin {
  return {
    name: 'preload-font',
    transformIndexHtml: {
      order: 'post',
      handler(_html, { bundle }) {
        const font = Object.keys(bundle ?? {}).find((file) => file.includes('inter-latin-wght-normal'));
        if (font === undefined) return [];
        const attrs = { rel: 'preload', href: `./${font}`, as: 'font', type: 'font/woff2', crossorigin: '' };
        return [{ tag: 'link', attrs, injectTo: 'head' }];
      },
    },
  };
}

export default defineConfig(({ mode }) => ({
  root: here,
  base: './',
  plugins: [preloadFont()],
  resolve: mode === 'fake' ? { alias: { '@eyeline/sdk': `${here}test/fake-sdk.ts` } } : {},
  build: {
    outDir: '../../src/eyeline/web',
    emptyOutDir: true,
    target: 'es2022',
    cssTarget: ['chrome111', 'firefox115', 'safari16.4'],
    cssCodeSplit: false,
    assetsInlineLimit: 0,
    modulePreload: false,
    reportCompressedSize: false,
  },
}));
