import { randomUUID } from 'node:crypto';

import { connect } from 'nats';

const open = (url) => connect({ servers: url, timeout: 1000, reconnect: false, maxReconnectAttempts: 0 });

export async function natsAnswers(url) {
  try {
    const connection = await open(url);
    await connection.close();
    return true;
  } catch {
    return false;
  }
}

/** A message comes back, and JetStream answers. */
export async function proveNats(url) {
  const connection = await open(url);
  try {
    const subject = `brokers-up.${randomUUID()}`;
    const subscription = connection.subscribe(subject, { max: 1, timeout: 5000 });
    connection.publish(subject);
    for await (const _ of subscription) break;
    await (await connection.jetstreamManager()).getAccountInfo();
  } finally {
    await connection.close();
  }
}
