/** Builds everything that the server serves into src/eyeline/web: the page, and the SDK as one module for other people's pages. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { build } from 'vite';

const here = fileURLToPath(new URL('.', import.meta.url));
const out = join(here, '../src/eyeline/web');
const text = /\.(html|js|css|svg|json|txt|webmanifest)$/;

async function buildApp() {
  await build({ configFile: join(here, 'app/vite.config.ts'), logLevel: 'warn' });
}

async function buildSdk() {
  await build({
    configFile: false,
    root: join(here, 'sdk'),
    logLevel: 'warn',
    build: {
      outDir: join(out, 'sdk'),
      emptyOutDir: true,
      target: 'es2022',
      minify: true,
      reportCompressedSize: false,
      lib: { entry: join(here, 'sdk/src/index.ts'), formats: ['es'], fileName: () => 'eyeline.js' },
    },
  });
}

/** Writes a .br and a .gz beside every text file, so that the server never compresses anything itself. */
async function compress() {
  const files = (await readdir(out, { recursive: true })).filter((file) => text.test(file)).sort();
  for (const file of files) {
    const path = join(out, file);
    const plain = await readFile(path);
    const quality = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: plain.length };
    const br = await promisify(brotliCompress)(plain, { params: quality });
    await writeFile(`${path}.br`, br);
    await writeFile(`${path}.gz`, await promisify(gzip)(plain, { level: 9 }));
    process.stdout.write(`${file}  ${plain.length} bytes, ${br.length} as brotli\n`);
  }
}

await buildApp();
await buildSdk();
await compress();
