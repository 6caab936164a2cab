import type { ChildProcess } from 'node:child_process';

export interface KafkaNode {
  folder: string;
  id: number;
  port: number;
  advertisedPort?: number;
  controllerPort: number;
  clusterId: string;
  replicas: number;
  heap: string;
  secured?: {
    port: number;
    keystore: string;
    keystorePassword: string;
    username: string;
    password: string;
  };
}

export interface NatsServer {
  folder: string;
  port: number;
  jetstream: boolean;
  storeDir?: string | undefined;
  extra?: string;
}

export type System = 'kafka' | 'nats' | 'kafka2';

export const host: string;

export function ensureBrokers(
  names?: readonly System[],
  say?: (line: string) => void,
): Promise<Partial<Record<'KAFKA_BROKERS' | 'NATS_URL' | 'KAFKA_BROKERS_2', string>>>;
export function readRecord(name: System): { address: string[]; ready: boolean } | undefined;

export function kafkaLacks(): string | undefined;
export function prepareKafkaNode(node: KafkaNode): Promise<void>;
export function startKafkaNode(node: KafkaNode): Promise<ChildProcess>;
export function kafkaAnswers(brokers: readonly string[], nodes?: number): Promise<boolean>;
export function proveKafka(brokers: readonly string[]): Promise<void>;
/** Makes a key and a certificate for `host`, in `folder`; resolves with the store and the certificate as PEM. */
export function makeKeystore(folder: string, password: string): Promise<{ keystore: string; certificate: string }>;
export function kafkaLog(folder: string): string;

export function certificateLacks(): string | undefined;
/** Makes a key and a certificate for `host`, in `folder`; resolves with their files and the certificate as PEM. */
export function makeCertificate(folder: string): Promise<{ key: string; pem: string; certificate: string }>;

export function natsLacks(): string | undefined;
export function prepareNatsServer(server: NatsServer): void;
export function startNatsServer(server: { folder: string }): Promise<ChildProcess>;
export function natsLog(folder: string): string;

export function tail(log: string): string;
