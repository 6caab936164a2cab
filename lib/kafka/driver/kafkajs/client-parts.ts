import type { DriverContext } from '../../../driver/index.js';
import type { KafkaNative } from '../../load-client.js';
import type { KafkaSettings } from '../../options.js';
import type { ClientLog } from './client-log.js';
import type { AssignerProtocol } from './partition-assigner.js';
import type { Sockets } from './sockets.js';
import type { UnansweredRequests } from './unanswered-requests.js';

/** The broker of a kafkajs client, and what the client is made of. */
export interface ClientParts {
  readonly io: DriverContext;
  readonly settings: Pick<KafkaSettings, 'consumer' | 'producer'>;
  readonly protocol: AssignerProtocol;
  readonly kafka: KafkaNative['kafka'];
  readonly log: Pick<ClientLog, 'listener'>;
  readonly unanswered: UnansweredRequests;
  readonly sockets: Pick<Sockets, 'kill'>;
}
