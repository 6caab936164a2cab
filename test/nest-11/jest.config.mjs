// The unit tests once more, with Nest 11, and what speaks to its transports. See `npm run test:nest11`.
import base from '../../jest.config.mjs';

const project = (name) => base.projects.find(({ displayName }) => displayName === name);

const onNest11 = {
  resolver: '<rootDir>/test/nest-11/jest-resolver.cjs',
  setupFiles: ['<rootDir>/test/nest-11/node_modules/reflect-metadata/Reflect.js'],
  globals: { NEST_MAJOR: 11 },
};

export default {
  ...base,
  projects: [
    { ...project('unit'), ...onNest11, displayName: 'nest-11' },
    {
      ...project('integration'),
      ...onNest11,
      displayName: 'nest-11-transports',
      testMatch: ['<rootDir>/test/integration/microservices/**/*.spec.ts'],
    },
  ],
};
