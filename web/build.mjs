// Builds the four front ends into dist/ and refuses a widget over its weight limit.
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { build } from 'vite';

const here = fileURLToPath(new URL('.', import.meta.url));
const dist = join(here, 'dist');
/** The widget's promise to every page that pastes it: loader and iframe together, gzip. */
const WIDGET_LIMIT_BYTES = 30_000;

const common = {
  configFile: false,
  logLevel: 'warn',
  publicDir: false,
  // Nothing may be inlined: the pages run under `default-src 'self'`, which forbids data: scripts, styles and fonts.
  build: { target: 'es2022', assetsInlineLimit: 0, modulePreload: { polyfill: false }, emptyOutDir: false },
};

/** One HTML entry with its assets, e.g. src/widget → dist/widget. */
function page(name, base) {
  return build({
    ...common,
    root: join(here, 'src', name),
    base,
    plugins: [svelte({ configFile: join(here, 'svelte.config.js') })],
    build: { ...common.build, outDir: join(dist, name) },
  });
}

function loader() {
  return build({
    ...common,
    root: join(here, 'src/loader'),
    build: {
      ...common.build,
      outDir: dist,
      lib: { entry: 'loader.ts', formats: ['iife'], name: 'DeskhandLoader', fileName: () => 'widget.js' },
    },
  });
}

/** Gzip bytes of every text asset the widget makes a visitor download. */
async function widgetWeight() {
  const files = [join(dist, 'widget.js'), join(dist, 'widget/index.html')];
  for (const name of await readdir(join(dist, 'widget/assets'))) files.push(join(dist, 'widget/assets', name));
  const sizes = await Promise.all(
    files.map(async (file) => [file.slice(dist.length + 1), gzipSync(await readFile(file), { level: 9 }).length]),
  );
  return { sizes, total: sizes.reduce((sum, [, bytes]) => sum + bytes, 0) };
}

await rm(dist, { recursive: true, force: true });
await loader();
// Relative, so that the desk may live under a path of its own behind a proxy.
await page('widget', './');
await page('console', '/console/');
await page('demo', '/demo/');

const { sizes, total } = await widgetWeight();
for (const [file, bytes] of sizes) console.log(`${String(bytes).padStart(7)} B gzip  ${file}`);
console.log(`${String(total).padStart(7)} B gzip  widget in all (limit ${WIDGET_LIMIT_BYTES})`);
if (total > WIDGET_LIMIT_BYTES) {
  console.error(`The widget weighs ${total} bytes gzip; the limit is ${WIDGET_LIMIT_BYTES}. Make it lighter.`);
  process.exitCode = 1;
}
