import { EventEmitter } from 'node:events';

import { expect, it } from '@jest/globals';

import { ClientOfPlatformatic } from '../../../lib/kafka/driver/platformatic/client.js';
import type { Platformatic } from '../../../lib/kafka/platformatic/options.js';
import { recordingIo } from '../../support/kafka/connected.js';

class Admin extends EventEmitter {
  static readonly closes: string[] = [];
  readonly connections = Object.assign(new Map(), { close: () => Promise.resolve() });
  clearMetadata(): void {
    Admin.closes.push('killed');
  }
  close(): Promise<void> {
    Admin.closes.push('closed');
    return Promise.resolve();
  }
}

it('keeps nothing of an admin that was closed, as a session asks by one after the other', async () => {
  const platformatic = { Admin, compressionsAlgorithms: {} } as unknown as Platformatic;
  const options = { client: { bootstrapBrokers: ['kafka:9092'] } };
  const client = new ClientOfPlatformatic(platformatic, options).maker(recordingIo().io)();
  for (const admin of [client.admin(), client.admin()]) await admin.close();
  expect(Admin.closes).toEqual(['closed', 'closed']);
  client.kill();
  expect(Admin.closes).toEqual(['closed', 'closed']);
});
