import { type ClientFailures, HUNG_UP } from '../failure-port.js';

interface NatsError {
  readonly code?: unknown;
  readonly chainedError?: Error;
  readonly api_error?: { readonly code: number; readonly err_code?: number; readonly description: string };
}

/** Errors of `nats` 2: each has a code; those of JetStream's API hold its answer. */
export const failures: ClientFailures = {
  isOwn: (thrown) => (thrown as { name?: unknown } | null)?.name === 'NatsError',
  code: (thrown) => {
    const code = (thrown as NatsError | null)?.code;
    return typeof code === 'string' ? code : undefined;
  },
  api: (thrown) => {
    const response = (thrown as NatsError | null)?.api_error;
    if (response === undefined) return undefined;
    return { code: response.code, number: response.err_code ?? 0, text: response.description };
  },
  isTooLarge: (thrown) => failures.code(thrown) === 'MAX_PAYLOAD_EXCEEDED',
  dial: (thrown, ruledOutTls) => {
    const { code, message, chainedError } = thrown as Error & NatsError;
    if (code === 'SERVER_OPT_NA' && message === 'tls') return 'no-tls';
    if (code === 'TLS' && ruledOutTls) return 'tls-ruled-out';
    if (`${message} ${chainedError?.message ?? ''}`.includes(HUNG_UP)) return 'hung-up';
    // Some have only their code, or the code of the step that failed, as message.
    if (code === message && chainedError !== undefined) return { text: `${chainedError.message} (${message})` };
    return { text: typeof code === 'string' && code !== message && message !== '' ? `${message} (${code})` : message };
  },
};
