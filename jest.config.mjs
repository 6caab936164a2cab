// Run through `npm run test:unit` and `npm run test:integration`: Jest loads ES modules only with --experimental-vm-modules.
const shared = {
  rootDir: import.meta.dirname,
  testEnvironment: '<rootDir>/test/support/jest-environment.mjs',
  resolver: '<rootDir>/test/support/jest-resolver.cjs',
  extensionsToTreatAsEsm: ['.ts'],
  moduleFileExtensions: ['ts', 'js', 'mjs', 'cjs', 'json', 'node'],
  moduleNameMapper: {
    '^nestjs-multi-broker$': '<rootDir>/lib/index.ts',
    '^nestjs-multi-broker/(\\w+)$': '<rootDir>/lib/$1/index.ts',
  },
  transform: {
    '\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: true },
          keepClassNames: true,
        },
        sourceMaps: 'inline',
      },
    ],
  },
  setupFiles: ['reflect-metadata'],
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/test/smoke/', '<rootDir>/test/nest-11/'],
};

const real = ['<rootDir>/test/integration/', '<rootDir>/test/conformance/real/'];

export default {
  projects: [
    {
      ...shared,
      displayName: 'unit',
      roots: ['<rootDir>/test'],
      testMatch: ['<rootDir>/test/**/*.spec.ts'],
      testPathIgnorePatterns: ['/node_modules/', ...real],
    },
    {
      ...shared,
      displayName: 'integration',
      roots: ['<rootDir>/test'],
      testMatch: real.map((folder) => `${folder}**/*.spec.ts`),
      testTimeout: 60_000,
    },
  ],
};
