import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { host } from './paths.mjs';
import { ask, runTool } from './process.mjs';

/** Why no certificate can be made here; undefined if one can. */
export function certificateLacks() {
  return ask('openssl', ['version']) === undefined ? 'no openssl on the PATH to make a certificate with' : undefined;
}

/** A key in PEM, which nats-server reads, with a certificate for this host that nobody else has signed. */
export async function makeCertificate(folder) {
  mkdirSync(folder, { recursive: true });
  const [key, pem] = [join(folder, 'server.key'), join(folder, 'server.pem')];
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const name = ['-subj', `/CN=${host}`, '-addext', `subjectAltName=IP:${host}`, '-days', '2'];
  await runTool('openssl', ['req', '-x509', ...kind, ...name, '-keyout', key, '-out', pem]);
  return { key, pem, certificate: readFileSync(pem, 'utf8') };
}
