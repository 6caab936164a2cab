import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { installOnce } from './install.mjs';
import { cache, pom } from './paths.mjs';
import { ask, runTool } from './process.mjs';

const folder = join(cache, 'kafka-4.3.1');

const ofJava = (tool) => (process.env.JAVA_HOME ? join(process.env.JAVA_HOME, 'bin', tool) : tool);

export const java = ofJava('java');
export const keytool = ofJava('keytool');

/** Why Kafka cannot run natively here; undefined if it can. */
export function kafkaLacks() {
  if (process.platform === 'win32') return 'Kafka without Docker is not supported on Windows';
  const version = /version "(\d+)/.exec(ask(java, ['-version']) ?? '')?.[1];
  if (version === undefined) return 'no java on the PATH (17 or newer is needed)';
  if (Number(version) < 17) return `java is ${version}, 17 or newer is needed`;
  if (existsSync(folder)) return undefined;
  return ask('mvn', ['-v']) === undefined ? 'no mvn on the PATH to fetch Kafka with' : undefined;
}

/** The class path of Kafka 4.3.1; the first call fetches 44 MB. */
export async function kafkaClassPath() {
  await installOnce(folder, (into) =>
    runTool('mvn', [
      ...['-q', '-B', '-f', pom, 'dependency:copy-dependencies'],
      ...[`-DoutputDirectory=${into}`, '-DincludeScope=runtime'],
    ]),
  );
  return join(folder, '*');
}
