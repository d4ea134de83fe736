import { defineConfig } from 'vite';

export default defineConfig({
  root: 'src',
  base: '/dashboard/',
  build: {
    outDir: '../dist',
    emptyOutDir: true,
    // What every browser has that is kept up to date; light-dark() must stay as it is written.
    target: ['chrome123', 'firefox120', 'safari17.5'],
    // The policy of the page allows no data: URLs but images.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: { proxy: { '/api': 'http://127.0.0.1:15002', '/health': 'http://127.0.0.1:15002' } },
});
