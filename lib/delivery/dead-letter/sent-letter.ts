import type { DestinationSpec, Outgoing } from '../../driver/index.js';

/** A dead letter that its broker has confirmed. */
export interface SentLetter {
  /** Name of the dead-letter broker. */
  readonly broker: string;
  readonly to: DestinationSpec;
  readonly message: Outgoing;
  /** Its place on the server, where the server tells. */
  readonly position: string | undefined;
}
