import react from '@vitejs/plugin-react';
import { defaultClientConditions, defineConfig } from 'vite';

/** Where `npm run dev` finds the console. */
const consoleUrl = process.env['CHOI_CANH_DEV_CONSOLE'] ?? 'http://127.0.0.1:8470';

const chunkOfPackage: [RegExp, string][] = [
  [/node_modules\/(react|react-dom|scheduler|react-router)\//, 'react'],
  [/node_modules\/(@mantine|@floating-ui)\//, 'mantine'],
  [/node_modules\/hls\.js\//, 'hls'],
  [/node_modules\/(socket\.io|engine\.io|@socket\.io|zod|@tanstack|i18next|react-i18next)/, 'data'],
];

export default defineConfig({
  plugins: [react()],
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
