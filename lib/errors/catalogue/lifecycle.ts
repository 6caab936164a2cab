import type { Entries } from './entry.js';

/** Start, connection and stop of brokers. */
export const LIFECYCLE = {
  MULTI_BROKER_CLIENT_MISSING: {
    retryable: false,
    remedy: 'Install the client package that the message names, on a Node that it runs on.',
    messages: {
      package: "Broker '{broker}' needs the package '{package}', which is not installed (npm install {package})",
      node: "Broker '{broker}' needs the package '{package}', which needs Node {needed} or newer; this is {node}",
      nats: "Broker '{broker}' needs a client of NATS, and none is installed (npm install @nats-io/transport-node @nats-io/jetstream, or npm install nats)",
    },
  },
  MULTI_BROKER_CLIENT_UNTRIED: {
    retryable: false,
    remedy: 'Install a version of the client that the message names as tried.',
    messages: {
      inside:
        "Broker '{broker}' cannot run on {package} {version}, which lacks {missing}: it was tried on {tried} (npm install {package}@{tried})",
      version: "Broker '{broker}' runs on {package} {version}, which was not tried: it was on {tried}",
    },
  },
  MULTI_BROKER_PACKAGE_MISSING: {
    retryable: false,
    remedy: 'Install the package that the message names.',
    message: "{what} needs the package '{package}', which is not installed (npm install {package})",
  },
  MULTI_BROKER_DUPLICATE_COPY: {
    retryable: false,
    remedy: 'Install one copy of nestjs-multi-broker in the process (see `npm ls nestjs-multi-broker`).',
    message: 'nestjs-multi-broker is loaded more than once, from {copies}',
  },
  MULTI_BROKER_START_FAILED: {
    retryable: true,
    remedy: 'Fix the listed brokers: each line says why one did not start.',
    message: 'Brokers did not start:\n{failures}\n',
  },
  MULTI_BROKER_CONNECT_FAILED: {
    retryable: true,
    remedy: 'Check the address, the credentials and that the server is running; in tests use MultiBrokerTestingModule.',
    messages: {
      driver: "Broker '{broker}' ({kind}) could not connect: {reason}",
      nats: "Broker '{broker}' did not connect to {servers}: {reason}",
    },
  },
  MULTI_BROKER_START_TIMEOUT: {
    retryable: true,
    remedy: 'Check that the server answers, or raise startTimeoutMs.',
    message: 'Not started within {ms} ms',
  },
  MULTI_BROKER_LATE_BROKER: {
    retryable: false,
    remedy: 'Add the broker before the start, or set allowLateBrokers: true and use MultiBroker.add().',
    messages: {
      added: "Broker '{broker}' was added after the start",
      lazyModule: "Broker '{broker}' is defined in a module that was loaded after the start",
    },
  },
  MULTI_BROKER_STOPPED: {
    retryable: false,
    remedy:
      'Use the brokers before they are stopped. After MultiBroker.stop() call start() again; a closed application cannot start again: create a new one.',
    messages: {
      all: 'The brokers were stopped',
      application: 'The application is closed, and its brokers with it',
      broker: "Broker '{broker}' was stopped",
      unwritten: "Broker '{broker}' is being stopped; {destination} was not written",
      laneLost: '{lane} was taken away',
      closed: "Broker '{broker}' was closed",
      closedWhileConnecting: "Broker '{broker}' was closed while it connected",
      noConnection: "Broker '{broker}' has no connection",
      groupLeft: "Group '{group}' was left",
      loopLeft: 'The loop over messages() was left',
      killed: '{reason}',
      killedWhilePublishing: "{destination} of broker '{broker}' was not confirmed. {reason}",
    },
  },
  MULTI_BROKER_STOP_INCOMPLETE: {
    retryable: false,
    remedy:
      'The listed work was abandoned unsettled; raise shutdownTimeoutMs, or stop handlers when context.signal aborts.',
    messages: {
      stop: 'The stop ran out of time. Abandoned: {work}',
      handler: '{handler} was abandoned',
    },
  },
} as const satisfies Entries;
