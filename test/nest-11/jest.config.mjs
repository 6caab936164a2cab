// The unit tests once more, with Nest 11. See `npm run test:nest11`.
import base from '../../jest.config.mjs';

const unit = base.projects.find(({ displayName }) => displayName === 'unit');

export default {
  ...base,
  projects: [
    {
      ...unit,
      displayName: 'nest-11',
      resolver: '<rootDir>/test/nest-11/jest-resolver.cjs',
      setupFiles: ['<rootDir>/test/nest-11/node_modules/reflect-metadata/Reflect.js'],
      globals: { NEST_MAJOR: 11 },
    },
  ],
};
