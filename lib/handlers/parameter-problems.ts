import { CONTEXT, CUSTOM_ARGUMENT, PAYLOAD } from '../decorators/index.js';
import { MultiBrokerError } from '../errors/index.js';
import type { HandlerMethod } from './handler-host.js';
import { metadataOf } from './method-metadata.js';

/** Nest's numbers for parameters of HTTP. `@Body()` and `@Headers()` are 3 and 6, as payload and context are. */
const HTTP: Readonly<Record<string, string>> = {
  0: '@Req()',
  1: '@Res()',
  2: '@Next()',
  4: '@Query()',
  5: '@Param()',
  7: '@Session()',
  8: '@UploadedFile()',
  9: '@UploadedFiles()',
  10: '@HostParam()',
  11: '@Ip()',
  12: '@RawBody()',
};

/** Parameter decorators that a message has nothing for. */
export function parameterProblems(host: HandlerMethod): MultiBrokerError[] {
  const { className, method } = host;
  const handler = `${className}.${method}`;
  return Object.keys(metadataOf(host).parameters).flatMap((key) => {
    const [type = '', index = ''] = key.split(':');
    if (key.includes(CUSTOM_ARGUMENT) || Number(type) === PAYLOAD || Number(type) === CONTEXT) return [];
    const what = `${handler}: parameter ${String(Number(index) + 1)} is decorated by ${HTTP[type] ?? 'a decorator of another transport'}, which no message can fill`;
    return [new MultiBrokerError('MULTI_BROKER_PARAMETER', what, { handler })];
  });
}
