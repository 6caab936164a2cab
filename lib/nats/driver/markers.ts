import type { Msg, StreamConfig } from 'nats';

import { headersOf } from './message-parts.js';

/** Of a message that the server wrote, as one of its subject was the last and has ended. It has no body. */
const deletedHeader = 'Nats-Marker-Reason';
/** Of a message that is the definition of a schedule: what it makes are messages of their own. */
const scheduleHeader = 'Nats-Schedule';

/** Whether the message is the server's own affair, and nothing that somebody published to be handled. */
export function isMarker(message: Msg, mayBeSchedule: boolean): boolean {
  if (message.data.length > 0 && !mayBeSchedule) return false;
  const headers = headersOf(message);
  return headers !== undefined && (headers.has(deletedHeader) || (mayBeSchedule && headers.has(scheduleHeader)));
}

/** Of a mirror nobody knows what it mirrors. Without schedules no message with a body has to be looked at. */
export function mayHaveSchedules(config: Partial<StreamConfig>): boolean {
  const { allow_msg_schedules: allowed, mirror, sources } = config as Record<string, unknown>;
  return allowed === true || mirror !== undefined || sources !== undefined;
}
