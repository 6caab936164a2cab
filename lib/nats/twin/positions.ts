/** A message's place in a stream, in the real driver's form: the same on every delivery, and no other message's. */
export function positionInStream(broker: string, stream: string, seq: number, timestamp: number): string {
  return `nats:${broker}:${stream}:${seq}:${timestamp}`;
}

/** Core NATS has no places; the bus counts what passes. */
export function positionOnSubject(broker: string, subject: string, passed: number): string {
  return `nats:${broker}:${subject}:twin-${passed}`;
}
