import type { BrokerDefinition } from '../driver/index.js';
import { errorOf } from '../errors/index.js';
import type { HandlerDeclaration } from './declaration.js';

/**
 * The declaration with the prefix of its class before its source.
 *
 * @throws MultiBrokerError MULTI_BROKER_OPTION_UNSUPPORTED for a source of a kind that prefixes plain names only
 */
export function withPrefix(definition: BrokerDefinition, declaration: HandlerDeclaration): HandlerDeclaration {
  const { prefix, source } = declaration;
  if (prefix === undefined) return declaration;
  const plain = { ...declaration, prefix: undefined };
  if (typeof source === 'string') return { ...plain, source: `${prefix}${source}` };
  if (definition.prefixed !== undefined) return { ...plain, source: definition.prefixed(source, prefix) };
  const { kind, name: broker } = definition;
  throw errorOf('MULTI_BROKER_OPTION_UNSUPPORTED.classPrefix', { kind }, { broker });
}
