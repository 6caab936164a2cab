// Runs a sample: `node tools/start.mjs 01-kafka-nats-bridge`. lib/ and the sample are compiled by swc, file by file and
// without a type check, which takes a second; with tsc, a fresh clone took twice as long to start as to install.
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { transformSync } from '@swc/core';

const root = fileURLToPath(new URL('..', import.meta.url));
const samples = readdirSync(path.join(root, 'sample')).sort();
const sample = process.argv[2];
const options = {
  swcrc: false,
  module: { type: 'es6' },
  sourceMaps: 'inline',
  jsc: {
    target: 'es2022',
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: true },
  },
};

if (samples.includes(sample)) await start();
else {
  console.error(`No sample ${sample}: there are ${samples.join(', ')}`);
  process.exitCode = 1;
}

async function start() {
  const folder = `.tmp/sample/${sample}`;
  const output = path.join(root, folder);
  console.log(`Compiling lib/ and sample/${sample}/src/ to ${folder}/, without a type check`);
  const began = performance.now();
  const files = compileAll(output);
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(`Compiled ${files} files in ${seconds} s; starting sample/${sample}/src/main.ts`);
  process.setSourceMapsEnabled(true);
  await import(pathToFileURL(path.join(output, 'src/main.js')).href);
}

/** As installed: the sample imports the package by its name, from a node_modules of its own. */
function compileAll(output) {
  const installed = path.join(output, 'node_modules/nestjs-multi-broker');
  const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  const { name, type, exports } = manifest;
  writeJson(path.join(output, 'package.json'), { type: 'module' });
  writeJson(path.join(installed, 'package.json'), { name, type, exports });
  const ofLibrary = compile('lib', path.join(installed, 'dist/esm'));
  // What browsers load is copied as it is.
  const assets = 'asyncapi/page/assets';
  cpSync(path.join(root, 'lib', assets), path.join(installed, 'dist/esm', assets), { recursive: true });
  return ofLibrary + compile(`sample/${sample}/src`, path.join(output, 'src'));
}

function compile(from, to) {
  const files = readdirSync(path.join(root, from), { recursive: true });
  const sources = files.filter((file) => file.endsWith('.ts') && !file.endsWith('.spec.ts'));
  for (const file of sources) {
    const source = path.join(root, from, file);
    const target = path.join(to, file.replace(/\.ts$/, '.js'));
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, transformSync(readFileSync(source, 'utf8'), { ...options, filename: source }).code);
  }
  return sources.length;
}

function writeJson(file, value) {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(value));
}
