/** A message's place, which no other message of the bus ever has. */
export function positionOf(topic: string, partition: number, offset: number): string {
  return `${topic}[${partition}]@${offset}`;
}
