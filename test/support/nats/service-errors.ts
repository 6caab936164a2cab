import { expect } from '@jest/globals';

/** What a responder of NATS' services framework answers where it fails, and what becomes of the request. */
export const serviceErrors = [
  {
    what: 'text and code',
    headers: { 'Nats-Service-Error': 'no such sku', 'Nats-Service-Error-Code': '404' },
    says: 'failed: no such sku (service error 404).',
    cause: { message: 'no such sku', code: '404' },
  },
  {
    what: 'a code alone',
    headers: { 'Nats-Service-Error-Code': '500' },
    says: 'failed: no reason given (service error 500).',
    cause: { message: 'no reason given', code: '500' },
  },
  {
    what: 'a text alone',
    headers: { 'Nats-Service-Error': 'on fire' },
    says: 'failed: on fire.',
    cause: { message: 'on fire', code: '' },
  },
] as const;

/** @param body of the answer, which no error shows */
export async function expectServiceError(
  asking: Promise<unknown>,
  { says, cause }: (typeof serviceErrors)[number],
  body: string,
): Promise<void> {
  const thrown = await asking.then(
    () => undefined,
    (error: unknown) => error as Error,
  );
  expect(thrown).toMatchObject({ code: 'MULTI_BROKER_REQUEST_FAILED', broker: 'events', retryable: false, cause });
  expect(thrown?.message).toContain(says);
  expect(thrown?.message).not.toContain(body);
}
