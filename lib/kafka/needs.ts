import type { BrokerUse, DestinationSpec, Need } from '../driver/index.js';
import { wantedTopics } from './new-topics.js';
import type { KafkaCommonSettings } from './settings.js';
import type { KafkaSourceSpec } from './source-spec.js';
import { TopicRequests } from './topic-requests.js';

/** Kafka's operations on topics and groups that the credentials of an application need, for its ACLs. */
export function kafkaNeeds({ sources, destinations }: BrokerUse, settings: KafkaCommonSettings): readonly Need[] {
  const read = sources as readonly KafkaSourceSpec[];
  const names = new Map<string, Set<string>>();
  const need = (topic: string, ...operations: string[]): void => {
    names.set(topic, new Set([...(names.get(topic) ?? []), ...operations]));
  };
  for (const { address } of read) need(address, 'READ', 'DESCRIBE');
  for (const to of destinations) need(topicOf(to), 'WRITE', 'DESCRIBE');
  const wanted = new Map(wantedTopics(settings).map((topic) => [topic.name, topic]));
  for (const topic of wanted.keys()) need(topic, 'CREATE', 'DESCRIBE');
  const topics = [...names].map(([name, permissions]) => {
    const partitions = wanted.get(name)?.partitions;
    const note = partitions === undefined ? undefined : `created with ${partitions} partition(s) if it is missing`;
    return { what: 'topic', name, permissions: [...permissions], note };
  });
  return [...topics, ...groupNeeds(read), ...requestNeeds(settings)];
}

/** A path that is filled by each message is one name in the list. */
const topicOf = ({ template, address }: DestinationSpec): string => template ?? address;

function groupNeeds(sources: readonly KafkaSourceSpec[]): Need[] {
  const groups = new Set(sources.map(({ groupId }) => groupId));
  return [...groups].map((name) => ({ what: 'group', name, permissions: ['READ'] }));
}

/** Answers are read by a group for each process. */
function requestNeeds(settings: KafkaCommonSettings): Need[] {
  if (!TopicRequests.areMadeBy(settings)) return [];
  const name = `${settings.groupId ?? settings.name}-replies-*`;
  const note = 'only where the application calls request(): READ on the .reply topics, too';
  return [{ what: 'group', name, permissions: ['READ'], note }];
}
