import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    setupFiles: ['test/support/file-watch.ts'],
    // The DID library writes every log it reads to test/logs where this says `test`.
    env: { NODE_ENV: 'development' },
    // What hangs is ended; a busy machine, on which a second's work takes half a minute, is waited for.
    testTimeout: 90_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
    // Two busy cores: a poll waits for a state, and says nothing about how soon it comes.
    expect: { poll: { timeout: 30_000, interval: 100 } },
  },
});
