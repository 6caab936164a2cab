/** A message's place, in the real driver's form: the same on every delivery, and no other message's. */
export function positionOf(topic: string, partition: number, offset: number, timestamp: number): string {
  return `kafka:twin:${topic}:${partition}:${offset}:${timestamp}`;
}
