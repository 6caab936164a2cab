import { randomBytes } from 'node:crypto';

/** A name that no other test uses on the shared servers; valid as topic, group, subject, stream and durable. */
export const uniqueName = (prefix: string): string => `${prefix}-${randomBytes(5).toString('hex')}`;
