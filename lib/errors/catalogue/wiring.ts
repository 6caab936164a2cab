import type { Entries } from './entry.js';

/** Which brokers there are, and whether the handlers fit them. */
export const WIRING = {
  MULTI_BROKER_WIRING: {
    retryable: false,
    remedy: 'Correct every listed handler, publisher and broker definition.',
    messages: {
      problems: 'Invalid handler configuration:\n{problems}\n',
      staticMethod:
        '{decorator} is on the static method {handler}: move it to an instance method of a provider or controller',
      replacedMethod:
        '{handler} would not be called, because a decorator above @Subscribe replaces the method without copying its metadata: write @Subscribe and @PublishTo above that decorator',
      noBroker:
        '{handler}: {decorator} names no broker, and {type} has no @Handlers({ broker }): name the broker first, then the source',
    },
  },
  MULTI_BROKER_UNKNOWN_BROKER: {
    retryable: false,
    remedy: 'List the broker in MultiBrokerModule.forRoot(), or correct its name.',
    messages: {
      asked: "There is no broker '{broker}' ({hint})",
      injected: "{by} injects broker '{broker}', which does not exist ({hint})",
      decorator: '{decorator} names a broker that is not defined; {hint}',
      deadLetter: "deadLetter of {handler} names the broker '{broker}', which is not defined",
    },
  },
  MULTI_BROKER_DUPLICATE_BROKER: {
    retryable: false,
    remedy: 'Give each broker a name of its own.',
    message: "Two brokers are named '{broker}'",
  },
  MULTI_BROKER_SECOND_ROOT: {
    retryable: false,
    remedy: 'Keep one forRoot(); add brokers in feature modules with forFeature().',
    message: 'MultiBrokerModule.forRoot() is imported twice',
  },
  MULTI_BROKER_NO_BROKER: {
    retryable: false,
    remedy: 'Give forRoot() at least one broker definition.',
    messages: {
      noDefault: 'No broker is defined',
      featureOnly: 'MultiBrokerModule.forFeature() is imported without forRoot()',
      bareModule: 'MultiBrokerModule is imported without forRoot()',
      untested: 'The application imports no MultiBrokerModule.forRoot()',
    },
  },
  MULTI_BROKER_WRONG_KIND: {
    retryable: false,
    remedy: "Use the source or destination of this broker's kind.",
    messages: {
      definition: 'it is bound to a {named} definition, but the broker of that name is of kind {kind}',
      kafkaSource:
        "Broker '{broker}' is Kafka and cannot read a source of kind '{kind}': use a topic's name or topic()",
      kafkaDestination: "Broker '{broker}' is Kafka and cannot publish to a '{kind}' destination: use a topic's name",
      natsSource:
        "Broker '{broker}' is NATS and cannot read a source of kind '{kind}': use a subject, subject() or stream()",
      natsDestination:
        "Broker '{broker}' is NATS and cannot publish to a destination of kind '{kind}': use a subject or toStream()",
    },
  },
  MULTI_BROKER_SOURCE_CLASH: {
    retryable: false,
    remedy:
      'Read one source in both and give all but one handler a `filter`, or give one of them another group, queue or durable name.',
    messages: {
      handlers: '{source} is already read by {other}: {why}',
      twice: '@Subscribe reads {source} twice: write it once, with a filter for both',
      running: "{source} on broker '{broker}' is already read by {other}: {why}",
      kafkaPattern: "Both {one} and {other} match the topic '{topic}', and each message would go to one of the two",
    },
  },
  MULTI_BROKER_DUPLICATE_HANDLER: {
    retryable: false,
    remedy: 'Provide the class in one module, export it there, and import that module wherever else it is injected.',
    message:
      'There are {count} instances of class {className}, {places}, and each would handle the messages of {handlers}',
  },
  MULTI_BROKER_PARAMETER: {
    retryable: false,
    remedy:
      "Use @Payload(), @Ctx(), @MessageHeaders(), @MessageKey() or @MessageParam(), with the name of a param of the source's path.",
    messages: {
      ofOtherTransport: '{handler}: parameter {place} is decorated by {decorator}, which has no value for a message',
      unknownParam: "@MessageParam('{param}') names no param of {source} ({hint})",
      ofOneMessage:
        '{handler}: parameter {place} is decorated by {decorator}, and with batch a call has several messages: use messages of the BatchContext that @Ctx() injects',
    },
  },
  MULTI_BROKER_ENHANCER: {
    retryable: false,
    remedy:
      'Provide the class directly (or by useClass), or pass instances of its enhancers: @UseGuards(new MyGuard()).',
    messages: {
      unmade:
        '{handler}: the {kind} {enhancer} would not run, because {className} is provided by a factory or value and Nest creates no {kind}s for it',
      scopedGlobals:
        '{handler}: the request-scoped APP_* enhancers would not run, because {className} is provided by a factory or value',
    },
  },
  MULTI_BROKER_PUBLISH_WITHOUT_SUBSCRIBE: {
    retryable: false,
    remedy: 'Add @Subscribe to the method, or publish explicitly with Broker.publish().',
    message: '{handler} has @PublishTo but no @Subscribe',
  },
  MULTI_BROKER_UNKNOWN_HANDLER: {
    retryable: false,
    remedy: 'Name a class of the application and one of its methods that has @Subscribe.',
    messages: {
      handle: '{handler} is no handler ({hint})',
      otherBroker: "{handler} does not read broker '{broker}' ({hint})",
      harness: '{handler} is no handler',
      harnessMisspelt: '{handler} is no handler (did you mean {near}?)',
      harnessNone: '{handler} is no handler: the application has none, or is not initialised yet',
      harnessInherited: '{handler} is inherited by more than one class: ask for {handlers}',
    },
  },
  MULTI_BROKER_LAG_UNKNOWN: {
    retryable: true,
    remedy: 'Ask again once the broker is up; check that this client may describe the group and the topic.',
    message: "How much of {source} on broker '{broker}' waits for {handler} is not known: {reason}",
  },
  MULTI_BROKER_AMBIGUOUS_HANDLER: {
    retryable: false,
    remedy: 'Name the broker, or the class that inherits the method; or find the handler in MultiBroker.handlers.',
    message: '{handler} names {count} handlers: {handlers}',
  },
} as const satisfies Entries;
