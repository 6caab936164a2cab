import path from 'node:path';
import { pathToFileURL } from 'node:url';

type Tools = typeof import('../../tools/brokers/index.mjs');

/** What starts servers of one's own and waits, from its place in the repository: a compiled benchmark lies elsewhere. */
export const { OwnKafka, OwnNats, until } = (await import(
  pathToFileURL(path.resolve('tools/brokers/index.mjs')).href
)) as Tools;
export type OwnKafka = Tools['OwnKafka']['prototype'];
export type OwnNats = Tools['OwnNats']['prototype'];
