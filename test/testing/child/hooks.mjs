// Lets plain Node run this project's TypeScript, and refuses to load a client.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { transformSync } from '@swc/core';

const lib = new URL('../../../lib/', import.meta.url);
const CLIENTS = /^(kafkajs|nats)(\/|$)/;

export function resolve(specifier, context, next) {
  if (CLIENTS.test(specifier)) throw new Error(`${specifier} was loaded by ${context.parentURL}`);
  const own = /^nestjs-multi-broker(?:\/(\w+))?$/.exec(specifier);
  if (own) return { url: new URL(own[1] ? `${own[1]}/index.ts` : 'index.ts', lib).href, shortCircuit: true };
  if (specifier.startsWith('.') && context.parentURL?.endsWith('.ts')) {
    const url = new URL(specifier.replace(/\.js$/, '.ts'), context.parentURL);
    if (existsSync(fileURLToPath(url))) return { url: url.href, shortCircuit: true };
  }
  return next(specifier, context);
}

export function load(url, context, next) {
  if (!url.endsWith('.ts')) return next(url, context);
  const { code } = transformSync(readFileSync(fileURLToPath(url), 'utf8'), {
    filename: fileURLToPath(url),
    module: { type: 'es6' },
    jsc: {
      target: 'es2022',
      parser: { syntax: 'typescript', decorators: true },
      transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: true },
    },
  });
  return { format: 'module', source: code, shortCircuit: true };
}
