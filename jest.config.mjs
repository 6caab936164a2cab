// Run through `npm run test:unit` and `npm run test:integration`: Jest loads ES modules only with --experimental-vm-modules.
const rootDir = import.meta.dirname;

const shared = {
  rootDir,
  testEnvironment: '<rootDir>/test/support/jest-environment.mjs',
  resolver: '<rootDir>/test/support/jest-resolver.cjs',
  extensionsToTreatAsEsm: ['.ts'],
  moduleFileExtensions: ['ts', 'js', 'mjs', 'cjs', 'json', 'node'],
  moduleNameMapper: {
    '^nestjs-multi-broker$': '<rootDir>/lib/index.ts',
    '^nestjs-multi-broker/driver$': '<rootDir>/lib/driver/public.ts',
    '^nestjs-multi-broker/kafka/platformatic$': '<rootDir>/lib/kafka/platformatic.ts',
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
  roots: ['<rootDir>/test', '<rootDir>/sample'],
  modulePathIgnorePatterns: [
    '/dist/',
    '<rootDir>/test/smoke/apps/',
    '<rootDir>/test/nest-11/',
    '<rootDir>/test/nodes/',
  ],
  globals: { NEST_MAJOR: 12 },
};

const real = ['<rootDir>/test/integration/', '<rootDir>/test/conformance/real/'];
const differential = '<rootDir>/test/differential/';
const browser = '<rootDir>/test/browser/';

export default {
  rootDir,
  maxWorkers: '100%',
  // Nothing is said of time here: the limit is for what hangs, and a busy machine may take long. In a project it has no effect.
  testTimeout: 60_000,
  reporters: ['default', '<rootDir>/tools/ci/count-reporter.mjs'],
  projects: [
    {
      ...shared,
      displayName: 'unit',
      testMatch: ['<rootDir>/{test,sample}/**/*.spec.ts'],
      testPathIgnorePatterns: ['/node_modules/', ...real, differential, browser],
    },
    {
      ...shared,
      displayName: 'integration',
      globalSetup: '<rootDir>/tools/brokers/jest-global-setup.mjs',
      testMatch: real.map((folder) => `${folder}**/*.spec.ts`),
    },
    {
      ...shared,
      displayName: 'differential',
      globalSetup: '<rootDir>/tools/brokers/jest-global-setup.mjs',
      testMatch: [`${differential}**/*.spec.ts`],
    },
    {
      ...shared,
      displayName: 'browser',
      globalSetup: '<rootDir>/tools/brokers/jest-global-setup.mjs',
      testMatch: [`${browser}**/*.spec.ts`],
    },
  ],
};
