/** Builds everything that the server serves into src/eyeline/web: the page, the phone, and the SDK for other people's pages: one module, and its types. */
import { appendFile, copyFile, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { build } from 'vite';

const here = fileURLToPath(new URL('.', import.meta.url));
const out = join(here, '../src/eyeline/web');
const text = /\.(html|js|ts|css|svg|json|txt|wasm|webmanifest)$/;

async function buildApp() {
  await build({ configFile: join(here, 'app/vite.config.ts'), logLevel: 'warn' });
}

async function buildPhone() {
  await build({ configFile: join(here, 'phone/vite.config.ts'), logLevel: 'warn' });
}

async function buildSdk() {
  await build({
    configFile: join(here, 'sdk/vite.config.ts'),
    logLevel: 'warn',
    build: { outDir: join(out, 'sdk'), minify: true },
  });
  await copyFile(join(here, 'sdk/dist/eyeline.d.ts'), join(out, 'sdk/eyeline.d.ts'));
}

/** Adds to the licences of bundled packages, which Vite has written, those of the phone, and of other people's data and fonts. */
async function addLicenses() {
  const ofPhone = join(out, 'phone-third-party.txt');
  const listed = await readFile(join(out, 'third-party.txt'), 'utf8');
  for (const section of (await readFile(ofPhone, 'utf8')).split(/^(?=## )/m).slice(1)) {
    const [heading = ''] = section.split('\n');
    if (!listed.includes(heading)) await appendFile(join(out, 'third-party.txt'), `\n${section.trimEnd()}\n`);
  }
  await rm(ofPhone);
  const others = [join(here, 'app/third-party.txt'), join(here, 'app/src/fonts/LICENSE')];
  for (const path of others) await appendFile(join(out, 'third-party.txt'), `\n${await readFile(path, 'utf8')}`);
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
await buildPhone();
await buildSdk();
await addLicenses();
await compress();
