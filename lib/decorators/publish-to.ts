import type { BrokerDefinition, DestinationOf, PublishToOptions } from '../driver/index.js';
import type { Bound } from './bound.js';
import type { Configurable, FromConfig } from './from-config.js';
import { instanceMethod } from './instance-method.js';
import { addPublisher } from './metadata.js';

/**
 * Publishes what the method returns; see "Return values" for what is no, one or several messages. Repeatable: the
 * publishers run one after another, closest to the method first. It needs a `@Subscribe` on the same method.
 *
 * @param broker name or definition of the broker
 * @param destination topic or subject: a string, or what the kind's own function returns
 * @param options or what `fromConfig()` makes of what is injected, as each single one may be
 */
export function PublishTo<K extends string>(
  broker: string | BrokerDefinition<K>,
  destination: DestinationOf<K> | FromConfig<DestinationOf<K>>,
  options: Configurable<PublishToOptions> | FromConfig<PublishToOptions> = {},
): Bound<never> {
  return (target, key, descriptor) => {
    addPublisher(instanceMethod('@PublishTo', target, key, descriptor), { broker, destination, options });
  };
}
