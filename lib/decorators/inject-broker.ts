import { Inject } from '@nestjs/common';
import { getBrokerToken } from './broker-token.js';

/**
 * Injects a broker of `forRoot()` or `forFeature()` by its name; without a name the default one. A broker that is
 * added later is had by `MultiBroker.get(name)`.
 */
export function InjectBroker(name?: string): PropertyDecorator & ParameterDecorator {
  return Inject(getBrokerToken(name));
}
