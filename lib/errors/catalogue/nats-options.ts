import type { Messages } from './entry.js';

/** Options of `natsBroker()`, `subject()` and `stream()` that are invalid. */
export const NATS_OPTIONS = {
  natsNoClient: "client is missing: give the nats client's options, such as { servers }",
  natsLibrary: "library must be 'nats' or '@nats-io'",
  natsQueue: 'queue {problem}',
  natsConfirmTimeout: 'confirmTimeoutMs must be a number of milliseconds above 0',
  natsPendingBytes: 'pendingBytesLimit must be a number of bytes above 0',
  natsDebug: 'client.debug prints the password to the console (nats.js logs the CONNECT frame): leave it out',
  natsReconnect: 'client.reconnect and client.maxReconnectAttempts are not offered: the broker reconnects forever',
  natsFirstConnect:
    'client.waitOnFirstConnect is not offered: the start reports why it failed; use critical: false to start without the broker',
  natsServerList: "client.servers: pass several servers as an array: servers.split(',')",
  natsCredentials:
    'client.servers holds credentials, which the nats client ignores: give them as client.user and client.pass',
  natsAuthenticator:
    "client.authenticator of broker '{broker}' must return the credentials themselves, not {given}: fetch them before, and give what is at hand",
  natsReconnectDelay:
    "client.reconnectDelayHandler of broker '{broker}' must return a number of milliseconds, not {given}",
  natsTls:
    'client.tls.rejectUnauthorized: false lets anyone impersonate the server: leave it out, or set allowInsecure: true',
  natsSubjectPendingBytes:
    "pendingBytesLimit of subject {subject} of broker '{broker}' must be a number of bytes above 0",
  natsMarkers: "markers of stream {stream} of broker '{broker}' must be 'skip' or 'handle'",
} as const satisfies Messages;
