import type { Admin } from './admin-port.js';
import type { Client } from './client-port.js';

/** Asks by an admin of its own, which is closed then: an idle connection of kafkajs costs 3 % of a core. */
export async function withAdmin<T>(client: Pick<Client, 'admin'>, ask: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = client.admin();
  try {
    await admin.connect();
    return await ask(admin);
  } finally {
    await admin.close();
  }
}
