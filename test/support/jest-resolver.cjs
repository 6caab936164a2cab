const { existsSync } = require('node:fs');
const path = require('node:path');

const inPackages = (folder) => folder.includes(`${path.sep}node_modules`);

// Sources import each other as `./name.js`, the name that the compiled file will have; under Jest the file is `./name.ts`.
module.exports = (request, options) => {
  if (/^\.{1,2}\/.*\.js$/.test(request) && !inPackages(options.basedir)) {
    const source = path.resolve(options.basedir, request.replace(/\.js$/, '.ts'));
    if (existsSync(source)) return source;
  }
  return options.defaultResolver(request, options);
};
