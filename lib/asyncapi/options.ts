import { errorOf, type OptionNames, unknownOptions } from '../errors/index.js';
import type { AsyncApiInfo } from './document-types.js';

/** Options of {@link AsyncApi.document}. */
export interface AsyncApiOptions {
  /** Title and version of the application, and more for readers. */
  readonly info: AsyncApiInfo;
  /** A URI that names the application. Default: `urn:nestjs:` and the title. */
  readonly id?: string;
  /** The content type of messages. Default: `application/json`. */
  readonly defaultContentType?: string;
}

export const DOCUMENT_OPTIONS: OptionNames<AsyncApiOptions> = { info: true, id: true, defaultContentType: true };

/** @throws MultiBrokerError MULTI_BROKER_OPTION_INVALID */
export function checkAsyncApiOptions(options: AsyncApiOptions): void {
  const [unknown] = unknownOptions(options, DOCUMENT_OPTIONS);
  if (unknown !== undefined) throw errorOf('MULTI_BROKER_OPTION_INVALID.reported', { problem: unknown });
  const info = options.info as Partial<AsyncApiInfo> | undefined;
  for (const name of ['title', 'version'] as const) {
    const value: unknown = info?.[name];
    if (typeof value === 'string' && value !== '') continue;
    const params = { option: `info.${name}`, expected: 'a text', value: JSON.stringify(value) };
    throw errorOf('MULTI_BROKER_OPTION_INVALID.mustBe', params);
  }
}
