/** A message of a stream: its place there, which no other message of the bus ever has. */
export function positionInStream(stream: string, seq: number): string {
  return `twin:${stream}@${seq}`;
}

/** A message on a core subject has no place; the bus counts them all. */
export function positionOnSubject(subject: string, id: number): string {
  return `twin:${subject}#${id}`;
}
