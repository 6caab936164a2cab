import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { keytool } from './kafka-install.mjs';
import { host } from './paths.mjs';
import { runTool } from './process.mjs';

/** A key that the JVM's own tool makes, with a certificate for this host that nobody else has signed. */
export async function makeKeystore(folder, password) {
  mkdirSync(folder, { recursive: true });
  const keystore = join(folder, 'server.p12');
  const pem = join(folder, 'server.pem');
  const store = ['-alias', 'server', '-keystore', keystore, '-storetype', 'PKCS12', '-storepass', password];
  const name = ['-dname', `CN=${host}`, '-ext', `SAN=IP:${host}`, '-validity', '2'];
  await runTool(keytool, ['-genkeypair', '-keyalg', 'EC', '-groupname', 'secp256r1', ...name, ...store]);
  await runTool(keytool, ['-exportcert', '-rfc', '-file', pem, ...store]);
  return { keystore, certificate: readFileSync(pem, 'utf8') };
}
