import { expect, it } from '@jest/globals';
import * as asyncapi from '../lib/asyncapi/index.js';
import * as health from '../lib/health/index.js';
import * as telemetry from '../lib/telemetry/index.js';
import * as api from '../lib/index.js';
import * as platformatic from '../lib/kafka/platformatic.js';
import * as kafka from '../lib/kafka/index.js';
import * as prometheus from '../lib/prometheus/index.js';

it('the main entry exports what is public, and nothing else', () => {
  expect(Object.keys(api).sort()).toEqual([
    'AckMessage',
    'BatchContext',
    'BatchFailure',
    'Broker',
    'BrokerStartError',
    'Ctx',
    'Handlers',
    'InjectBroker',
    'MessageContext',
    'MessageHeaders',
    'MessageKey',
    'MessageParam',
    'MultiBroker',
    'MultiBrokerError',
    'MultiBrokerModule',
    'NackMessage',
    'Payload',
    'PublishError',
    'PublishTo',
    'RejectMessage',
    'Subscribe',
    'WiringError',
    'auto',
    'byHeader',
    'byType',
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

it('the entry points of integrations export what is public, and nothing else', () => {
  // documentOf and svgOf are internal: doors for the command line.
  expect(Object.keys(asyncapi).sort()).toEqual(['AsyncApi', 'documentOf', 'svgOf']);
  expect(Object.keys(health).sort()).toEqual(['MultiBrokerHealthIndicator', 'MultiBrokerHealthModule']);
  expect(Object.keys(telemetry).sort()).toEqual(['SEMANTIC_CONVENTIONS', 'TelemetryModule']);
  expect(Object.keys(prometheus).sort()).toEqual(['MultiBrokerMetricsModule']);
});

it('the entry points of a kind export the same for each client', () => {
  expect(Object.keys(kafka).sort()).toEqual(['kafkaBroker', 'topic']);
  expect(Object.keys(platformatic).sort()).toEqual(['kafkaBroker', 'topic']);
  expect(platformatic.topic).toBe(kafka.topic);
});
