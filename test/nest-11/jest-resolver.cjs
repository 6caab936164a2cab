const resolve = require('../support/jest-resolver.cjs');

const NEST = /^(@nestjs\/|rxjs(\/|$)|reflect-metadata(\/|$))/;

// The project's own files get Nest from this folder's install; packages find theirs as always.
module.exports = (request, options) =>
  NEST.test(request) && !options.basedir.includes('node_modules')
    ? options.defaultResolver(request, { ...options, basedir: __dirname })
    : resolve(request, options);
