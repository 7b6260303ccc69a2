// Bundles the page with the libraries as they are in web/node_modules: node build.mjs FOLDER
import { readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";

const web = join(import.meta.dirname, "../../../web");
const require = createRequire(join(web, "package.json"));
const { build } = await import(require.resolve("vite"));
const [, , out] = process.argv;

await build({
  root: import.meta.dirname,
  configFile: false,
  logLevel: "warn",
  resolve: { alias: { jssip: require.resolve("jssip"), "sip.js": require.resolve("sip.js") } },
  build: {
    outDir: out,
    emptyOutDir: true,
    minify: false,
    lib: { entry: "page.js", formats: ["es"], fileName: () => "page.js" },
  },
});
await writeFile(join(out, "page.html"), await readFile(join(import.meta.dirname, "page.html")));
