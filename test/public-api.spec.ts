import { expect, it } from '@jest/globals';
import * as api from '../lib/index.js';

it('the main entry exports what is public, and nothing else', () => {
  expect(Object.keys(api).sort()).toEqual([
    'Broker',
    'BrokerStartError',
    'Ctx',
    'InjectBroker',
    'MessageContext',
    'MessageHeaders',
    'MessageKey',
    'MessageParam',
    'MultiBroker',
    'MultiBrokerError',
    'MultiBrokerModule',
    'Payload',
    'PublishError',
    'PublishTo',
    'Subscribe',
    'WiringError',
    'auto',
    'bytes',
    'fromConfig',
    'getBrokerToken',
    'isBrokerContext',
    'isMultiBrokerError',
    'json',
    'nestKafka',
    'nestPacket',
    'outgoing',
  ]);
});
