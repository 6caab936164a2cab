import type { KeptAccess, KeptMessages } from '../../../../driver/index.js';
import type { StreamSourceSpec } from '../../../source-spec.js';
import type { Session } from '../../session.js';
import { ensureConsumer, subscribeError } from '../consumer-config.js';
import { LookedAt } from './looked-at.js';
import { TakenMessages } from './taken-messages.js';

/** What a stream holds for its durable: taken through it, or looked at without any consumer. */
export async function openKept(
  session: Session,
  spec: StreamSourceSpec,
  access: KeptAccess,
  signal: AbortSignal,
): Promise<KeptMessages> {
  signal.throwIfAborted();
  try {
    const jsm = await session.api.manager();
    if (access === 'look') return await LookedAt.open(jsm, spec, session.io.broker);
    await ensureConsumer(jsm, spec, { broker: session.io.broker, serverVersion: session.api.serverVersion });
    return await TakenMessages.open(jsm, spec, session);
  } catch (thrown) {
    throw subscribeError(thrown, spec, session.io.broker);
  }
}
