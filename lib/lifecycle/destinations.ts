import type { BrokerDefinition, Destination, DestinationSpec } from '../driver/index.js';

/** Subjects may be made from data without end, so no more than these are remembered. */
const MOST = 1_000;

/** Destinations of one broker, resolved once for each name. */
export class Destinations {
  private readonly known = new Map<string | Destination, DestinationSpec>();

  constructor(private readonly definition: BrokerDefinition) {}

  /** Throws a MultiBrokerError for what is no destination of this broker. */
  resolve(to: string | Destination): DestinationSpec {
    const known = this.known.get(to);
    if (known !== undefined) return known;
    const spec = this.definition.destination(to);
    if (this.known.size >= MOST) this.known.clear();
    this.known.set(to, spec);
    return spec;
  }
}
