/** Sources are tested as they are: the custom condition resolves workspace packages to their TypeScript. */
export default {
  testEnvironment: '<rootDir>/jest-environment.mjs',
  testEnvironmentOptions: { customExportConditions: ['@vectorizer/source', 'node', 'node-addons', 'import'] },
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          parser: { syntax: 'typescript', decorators: true, explicitResourceManagement: true },
          transform: { legacyDecorator: true },
          target: 'es2024',
          keepClassNames: true,
        },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  testMatch: ['<rootDir>/{packages,apps,tests,benches}/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/'],
  modulePathIgnorePatterns: ['<rootDir>/.tools', '/dist/', '<rootDir>/data/'],
  watchPathIgnorePatterns: ['<rootDir>/.tools'],
  testSequencer: '<rootDir>/jest-sequencer.mjs',
  maxWorkers: 2,
  // Of one test, its clusters' start included: beyond this it hangs. What a test waits for has bounds of its own.
  testTimeout: 400_000,
};
