interface KafkaError extends Error {
  readonly code?: unknown;
  readonly retriable?: unknown;
}

/**
 * Whether a connection failed because the server is not there, or not there yet: kafkajs calls that retriable, and a
 * refused credential or certificate it does not. A certificate that is not trusted it takes for a lost connection.
 */
export function mayBeStarting(thrown: Error): boolean {
  const { cause } = thrown;
  if (cause instanceof Error && cause !== thrown) return mayBeStarting(cause);
  const { retriable, code, message } = thrown as KafkaError;
  return retriable === true && !isOfCertificate(code, message);
}

const isOfCertificate = (code: unknown, message: string): boolean =>
  /^(CERT_|ERR_TLS|ERR_SSL|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO)/.test(String(code)) || /certificate/i.test(message);
