// Every entry point, seen by the compiler: it must find the types, and they must not be `any`.
import { Broker, MessageContext, MultiBroker, MultiBrokerModule, Subscribe } from 'nestjs-multi-broker';
import type { Driver } from 'nestjs-multi-broker/driver';
import { MultiBrokerHealthIndicator, MultiBrokerHealthModule } from 'nestjs-multi-broker/health';
import { kafkaBroker, topic } from 'nestjs-multi-broker/kafka';
import { natsBroker, stream, subject, toStream } from 'nestjs-multi-broker/nats';
import { MultiBrokerMetricsModule } from 'nestjs-multi-broker/prometheus';
import { TelemetryModule } from 'nestjs-multi-broker/telemetry';
import { MultiBrokerHarness, MultiBrokerTestingModule } from 'nestjs-multi-broker/testing';

type NotAny<T> = 0 extends 1 & T ? never : true;

export const typed: Record<string, true> = {
  Broker: true satisfies NotAny<Broker>,
  MessageContext: true satisfies NotAny<MessageContext>,
  MultiBroker: true satisfies NotAny<MultiBroker>,
  MultiBrokerModule: true satisfies NotAny<typeof MultiBrokerModule>,
  Subscribe: true satisfies NotAny<typeof Subscribe>,
  Driver: true satisfies NotAny<Driver>,
  kafkaBroker: true satisfies NotAny<typeof kafkaBroker>,
  topic: true satisfies NotAny<typeof topic>,
  natsBroker: true satisfies NotAny<typeof natsBroker>,
  stream: true satisfies NotAny<typeof stream>,
  subject: true satisfies NotAny<typeof subject>,
  toStream: true satisfies NotAny<typeof toStream>,
  MultiBrokerHealthIndicator: true satisfies NotAny<MultiBrokerHealthIndicator>,
  MultiBrokerHealthModule: true satisfies NotAny<typeof MultiBrokerHealthModule>,
  MultiBrokerMetricsModule: true satisfies NotAny<typeof MultiBrokerMetricsModule>,
  TelemetryModule: true satisfies NotAny<typeof TelemetryModule>,
  MultiBrokerHarness: true satisfies NotAny<MultiBrokerHarness>,
  MultiBrokerTestingModule: true satisfies NotAny<typeof MultiBrokerTestingModule>,
};
