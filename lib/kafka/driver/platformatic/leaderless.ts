import { answersBy, type Between } from './requests.js';

interface Metadata {
  readonly topics: readonly {
    readonly errorCode: number;
    readonly partitions: readonly { readonly errorCode: number; leaderId: number }[];
  }[];
}

/** Kafka's code of a partition that is led, and lacks a replica. */
const REPLICA_NOT_AVAILABLE = 9;

/**
 * The client takes one partition without a leader for the failure of all that it has asked for. The others are known here, and
 * this one has the leader -1.
 */
export const withLeaderless: Between = answersBy((answer) => (error, response) => {
  const known = error === null || error === undefined ? undefined : metadataOf(error);
  if (known === undefined) answer(error, response);
  else answer(null, known);
});

/** Of an error that is about partitions alone. */
function metadataOf(error: Error): Metadata | undefined {
  const { response } = error as { readonly response?: Partial<Metadata> };
  if (response?.topics === undefined || response.topics.some(({ errorCode }) => errorCode !== 0)) return undefined;
  for (const partition of response.topics.flatMap(({ partitions }) => partitions))
    if (partition.errorCode !== 0 && partition.errorCode !== REPLICA_NOT_AVAILABLE) partition.leaderId = NOBODY;
  return { ...response, topics: response.topics };
}

const NOBODY = -1;
