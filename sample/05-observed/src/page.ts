import type { INestApplication } from '@nestjs/common';
import { AsyncApi } from 'nestjs-multi-broker/asyncapi';

interface FromSomewhere {
  readonly socket: { readonly remoteAddress?: string };
}

/** A real application asks who it is: behind a proxy on this machine, everybody would be an administrator. */
const isFromThisMachine = (request: unknown): boolean =>
  /^(::1$|(::ffff:)?127\.)/.test((request as FromSomewhere).socket.remoteAddress ?? '');

/** Which handler is stuck and why, dead letters, and the document of the application. To be called before it listens. */
export function showPage(app: INestApplication): void {
  AsyncApi.setup('/asyncapi', app, {
    info: { title: 'Observed orders', version: '1.0.0' },
    admin: { guard: isFromThisMachine },
    publish: true,
  });
}
