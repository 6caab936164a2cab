import type { AsyncApiDocument } from './document-types.js';
import { neededPackage } from './peers.js';

interface Yaml {
  stringify(value: unknown, options: object): string;
}

/**
 * A document as YAML.
 *
 * @throws MultiBrokerError MULTI_BROKER_PACKAGE_MISSING without the package `yaml`
 */
export async function toYaml(document: AsyncApiDocument): Promise<string> {
  const yaml = await neededPackage<Yaml>('yaml', 'A document as YAML', () => import('yaml'));
  // Without anchors, which few tools expect in a document that has references of its own.
  return yaml.stringify(document, { aliasDuplicateObjects: false, lineWidth: 0 });
}
