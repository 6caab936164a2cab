export type System = 'kafka' | 'nats' | 'kafka2';

export const host: string;

export function ensureBrokers(
  names?: readonly System[],
  say?: (line: string) => void,
): Promise<Partial<Record<'KAFKA_BROKERS' | 'NATS_URL' | 'KAFKA_BROKERS_2', string>>>;
export function readRecord(name: System): { address: string[]; ready: boolean } | undefined;

/** A port that no process listens on. */
export function freePort(): Promise<number>;
/** As many of them, all different. */
export function freePorts(count: number): Promise<number[]>;

export interface UntilOptions {
  /** Completes the sentence "gave up waiting until ...". */
  what: string;
  timeoutMs?: number;
  everyMs?: number;
}

/**
 * Polls until the condition gives something true, and resolves with that. A condition that throws is tried again, so that
 * it may hold an `expect`; its last error is the cause of the time-out's.
 */
export function until<T>(condition: () => T | Promise<T>, options: UntilOptions): Promise<T>;

/** Why one's own server cannot be had on this machine; undefined where it can. */
export function kafkaLacks(): string | undefined;
export function natsLacks(): string | undefined;
export function certificateLacks(): string | undefined;

/** Makes a key and a certificate for `host`, in `folder`; resolves with their files and the certificate as PEM. */
export function makeCertificate(folder: string): Promise<{ key: string; pem: string; certificate: string }>;

export function kafkaAnswers(brokers: readonly string[], nodes?: number): Promise<boolean>;
/** A message comes back from a group. */
export function proveKafka(brokers: readonly string[]): Promise<void>;

/** What a client needs of a port for TLS and SASL. */
export interface SecuredPort {
  readonly brokers: string[];
  readonly certificate: string;
  readonly username: string;
  readonly password: string;
}

export interface OwnKafkaOptions {
  readonly nodes?: number;
  readonly heap?: string;
  readonly secured?: boolean;
  /** The port by which clients reach a node that listens on this one. Default: the same. */
  readonly advertise?: (port: number) => number | Promise<number>;
}

/** A Kafka cluster of one's own. Node 0 also is the controller: kill node 1 to see leaders move. */
export class OwnKafka {
  private constructor();
  /** Made, not started. */
  static prepare(options?: OwnKafkaOptions): Promise<OwnKafka>;
  readonly brokers: string[];
  readonly secured: SecuredPort | undefined;
  /** All nodes, or the one given; resolves when they answer as parts of the cluster. */
  readonly start: (node?: number) => Promise<void>;
  readonly kill: (node?: number, signal?: 'SIGKILL' | 'SIGTERM') => Promise<void>;
  /** On the same port and data, after `kill` or by itself. */
  readonly restart: (node?: number) => Promise<void>;
  /** The connections stay open and nothing answers. */
  readonly pause: (node?: number) => void;
  readonly resume: (node?: number) => void;
  /** Ends all nodes and removes their data. */
  readonly stop: () => Promise<void>;
}

export interface OwnNatsOptions {
  readonly port?: number | undefined;
  readonly jetstream?: boolean | undefined;
  /** Outlives the server if given, to start another one on the same streams. */
  readonly storeDir?: string | undefined;
  /** Every connection has to be encrypted. */
  readonly tls?: boolean | undefined;
  /** More lines of nats-server's own configuration. */
  readonly config?: string;
}

/** A NATS server of one's own. */
export class OwnNats {
  private constructor();
  /** Made, not started. */
  static prepare(options?: OwnNatsOptions): Promise<OwnNats>;
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** With `tls`: what a client has to trust, as PEM. */
  readonly certificate: string | undefined;
  /** Resolves when it answers. */
  readonly start: () => Promise<void>;
  /** SIGKILL by default. Resolves when the process is gone; after another signal (SIGUSR2: lame duck) at once. */
  readonly kill: (signal?: NodeJS.Signals) => Promise<void>;
  /** On the same port and store, after `kill` or by itself. */
  readonly restart: () => Promise<void>;
  /** The connections stay open and nothing answers. */
  readonly pause: () => void;
  readonly resume: () => void;
  /** Ends the server and removes its data. */
  readonly stop: () => Promise<void>;
}
