/** How the bridge of a fault is set up. */
export interface Setting {
  readonly topic: string;
  readonly group: string;
  readonly subject: string;
  readonly natsUrl: string;
  /** JetStream, confirmed by its PubAck; else core NATS. */
  readonly confirmed: boolean;
  readonly handlerMs: number;
  /** Registered before the source. */
  readonly targetFirst: boolean;
  /** `critical: false`. */
  readonly targetMayBeLate: boolean;
}
