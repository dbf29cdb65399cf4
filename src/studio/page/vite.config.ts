// Builds the studio's page into dist/studio: relative addresses, so that any folder of any host can serve it.

import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** Descriptions of networks name classes of layers. */
const minify = {
  compress: { keepNames: { class: true, function: false } },
  mangle: { keepNames: { class: true, function: false } },
  codegen: true,
};

export default defineConfig({
  root: path('.'),
  base: './',
  publicDir: false,
  build: {
    outDir: path('../../../dist/studio'),
    emptyOutDir: true,
    target: 'es2022',
    modulePreload: { polyfill: false },
    // Small files stay files: a content security policy need not allow data: addresses for them.
    assetsInlineLimit: 0,
    // Timings are said where a build took long, as on a machine that does other things; nothing is wrong then.
    rolldownOptions: { output: { minify }, checks: { bundlerTimings: false } },
  },
  worker: { format: 'es', rolldownOptions: { output: { minify }, checks: { bundlerTimings: false } } },
});
