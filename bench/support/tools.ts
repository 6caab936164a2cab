import path from 'node:path';
import { pathToFileURL } from 'node:url';

type Tools = typeof import('../../tools/brokers/index.mjs');

/** What starts servers, from its place in the repository: a compiled benchmark lies elsewhere. */
export const tools = (await import(pathToFileURL(path.resolve('tools/brokers/index.mjs')).href)) as Tools;
