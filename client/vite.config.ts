import react from '@vitejs/plugin-react';
import { finishBuild } from './build/finish-build.js';
import { defaultClientConditions, defineConfig } from 'vite';

/** Where `npm run dev` finds the console. */
const consoleUrl = process.env['CHOI_CANH_DEV_CONSOLE'] ?? 'http://127.0.0.1:8470';

/**
 * The rest is cut by what pages share, so that the sign-in loads only what it shows. zod with its configuration, which
 * must have run before any schema is made; a chunk runs whole before those that import it.
 */
const chunkOfPackage: [RegExp, string][] = [
  [/node_modules\/(react|react-dom|scheduler|react-router)\//, 'react'],
  [/node_modules\/zod\/|src\/lib\/zod-config/, 'zod'],
  [/node_modules\/hls\.js\//, 'hls'],
];

export default defineConfig({
  plugins: [react(), finishBuild()],
  resolve: {
    conditions: ['source', ...defaultClientConditions],
    // Without subtitles, alternate audio and DRM, which surveillance streams have none of: a third less to load.
    alias: [{ find: /^hls\.js$/, replacement: 'hls.js/light' }],
    // One copy of whatever keeps React contexts, also when two are installed.
    dedupe: ['react', 'react-dom', '@mantine/core', '@mantine/hooks'],
  },
  server: {
    port: 5173,
    strictPort: false,
    proxy: { '/api': { target: consoleUrl, ws: true, changeOrigin: false } },
  },
  build: {
    outDir: 'dist',
    sourcemap: false,
    // Fonts stay files: inlining them as data: would need a wider content security policy.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 700,
    rollupOptions: {
      output: {
        manualChunks(id: string) {
          return chunkOfPackage.find(([pattern]) => pattern.test(id))?.[1];
        },
      },
    },
  },
});
