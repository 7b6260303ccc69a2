import { defineConfig, type HtmlTagDescriptor, type Plugin } from 'vite';
import targets from '../targets.json';

const here = decodeURI(new URL('.', import.meta.url).pathname);

/**
 * Leaves comments out of the page, and requests with it the code that draws it, which the first script loads later, and
 * the font of the English texts, so that text doesn't change its look when the style has loaded.
 */
function preload(): Plugin {
  return {
    name: 'preload',
    transformIndexHtml: {
      order: 'post',
      handler(html, { bundle }) {
        const link = (part: string, attrs: Record<string, string>): HtmlTagDescriptor[] => {
          const file = Object.keys(bundle ?? {}).find((name) => name.includes(part));
          return file === undefined ? [] : [{ tag: 'link', attrs: { ...attrs, href: `./${file}` }, injectTo: 'head' }];
        };
        const tags = [
          ...link('assets/show-', { rel: 'modulepreload', crossorigin: '' }),
          ...link('assets/basic-latin-', { rel: 'preload', as: 'font', type: 'font/woff2', crossorigin: '' }),
        ];
        return { html: html.replace(/\s*<!--.*?-->/gs, ''), tags };
      },
    },
  };
}

/**
 * Makes every `import()` one that can be repeated. Nothing that is loaded later needs anything loaded with it, but for
 * styles that `view/ui/stylesheet.ts` loads.
 */
function repeatableImports(): Plugin {
  const helper = `export { dynamicImport as __vitePreload } from '${here}src/platform/dynamic-import.ts'`;
  return {
    name: 'repeatable-imports',
    enforce: 'pre',
    load: (id) => (id.endsWith('vite/preload-helper.js') ? helper : null),
  };
}

export default defineConfig(({ mode }) => ({
  root: here,
  base: './',
  plugins: [repeatableImports(), preload()],
  resolve: mode === 'fake' ? { alias: { '@eyeline/sdk': `${here}test/fake-sdk.ts` } } : { tsconfigPaths: true },
  build: {
    outDir: '../../src/eyeline/web',
    emptyOutDir: true,
    target: targets,
    cssCodeSplit: false,
    assetsInlineLimit: 0,
    modulePreload: false,
    reportCompressedSize: false,
    license: { fileName: 'third-party.txt' },
    // Two scripts until the first picture is there, what connects and what draws, without small ones that both share.
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            { name: 'start', tags: ['$initial'], priority: 1 },
            { name: 'show', test: /view\/(ui\/icon|show)\.tsx|jsx-runtime|icons\/(check|x)\.mjs/ },
          ],
        },
      },
    },
  },
}));
