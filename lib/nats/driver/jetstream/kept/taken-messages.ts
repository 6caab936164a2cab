import { type Clock, sleep, untilAborted } from '../../../../async/index.js';
import type { Incoming, KeptMessages } from '../../../../driver/index.js';
import type { StreamSourceSpec } from '../../../source-spec.js';
import { headersOf } from '../../connection/message-parts.js';
import type { Session } from '../../session.js';
import { deliveryInfo, StreamMessage } from '../stream-message.js';
import type { ClientMessage } from '../../connection/client-port.js';
import type { JetStreamManager } from '../../connection/jetstream-port.js';

/** How often it looks for what another reader may give back, and how long an answer of the server may take. */
const LOOK_MS = 1_000;
const ANSWER_MS = 5_000;
const ACK = '+ACK';
const NAK = '-NAK';
const WORKING = '+WPI';

/**
 * Pulls the messages of a durable one at a time, so that a kill leaves one that waits for its lease. Messages that stay are
 * not settled before the end, as the server would bring them back at once.
 */
export class TakenMessages implements KeptMessages {
  /** Handed over and not done; they go back at the end. */
  private readonly open = new Map<number, StreamMessage>();
  private current: StreamMessage | undefined;
  private stopExtending: (() => void) | undefined;
  /** Asked for and not handed over: `next` that was aborted leaves it to the following one, or to the end. */
  private asked: Promise<StreamMessage | undefined> | undefined;
  /** A message that was published later has come. */
  private passed = false;
  private readonly subject: string;
  private readonly clock: Clock;
  private readonly ackWaitMs: number;
  private lastNewAt: number;

  private constructor(
    private readonly jsm: JetStreamManager,
    private readonly spec: StreamSourceSpec,
    private readonly session: Session,
    private readonly end: number,
    readonly size: number,
  ) {
    this.subject = `${session.api.prefix}.CONSUMER.MSG.NEXT.${spec.stream}.${spec.consumer}`;
    this.clock = session.io.clock;
    this.ackWaitMs = spec.options.ackWaitMs ?? 30_000;
    this.lastNewAt = this.clock.now();
  }

  static async open(jsm: JetStreamManager, spec: StreamSourceSpec, session: Session): Promise<TakenMessages> {
    const { num_pending: pending, num_ack_pending: unsettled } = await jsm.consumers.info(spec.stream, spec.consumer);
    const { state } = await jsm.streams.info(spec.stream);
    return new TakenMessages(jsm, spec, session, state.last_seq, pending + unsettled);
  }

  async next(signal: AbortSignal): Promise<Incoming | undefined> {
    this.leave();
    for (;;) {
      signal.throwIfAborted();
      const message = await this.pulled(signal);
      if (message !== undefined) {
        if (this.isNew(message)) return this.handedOver(message);
        continue;
      }
      if (await untilAborted(this.isOver(), signal)) return undefined;
      await sleep(this.clock, LOOK_MS, signal, 'redrive');
    }
  }

  async done(message: Incoming): Promise<void> {
    const found = [...this.open].find(([, one]) => one === message);
    if (found === undefined) return;
    const [seq, { handle }] = found;
    // Answered by the server: a letter that is counted as redriven is not there any more.
    await this.session.connection.nc.request(handle, ACK, { timeout: ANSWER_MS });
    this.open.delete(seq);
    this.leave();
  }

  async close(): Promise<void> {
    this.leave();
    const { nc, up } = this.session.connection;
    const late = up ? await this.asked?.catch(() => undefined) : undefined;
    if (late !== undefined) this.open.set(late.info.seq, late);
    try {
      for (const { handle } of this.open.values()) nc.publish(handle, NAK);
      if (this.open.size > 0) await nc.flush();
    } catch {
      // Without a connection they go back once their lease is over.
    }
    this.open.clear();
  }

  /** A redelivery of a message that stays, or a later one, is kept until the end. */
  private isNew(message: StreamMessage): boolean {
    const { seq } = message.info;
    const known = this.open.has(seq);
    this.open.set(seq, message);
    if (seq > this.end) this.passed = true;
    return !known && seq <= this.end;
  }

  private handedOver(message: StreamMessage): StreamMessage {
    this.lastNewAt = this.clock.now();
    this.current = message;
    this.extend();
    return message;
  }

  /** The message in progress is over. */
  private leave(): void {
    this.stopExtending?.();
    this.stopExtending = undefined;
    this.current = undefined;
  }

  private extend(): void {
    this.stopExtending = this.clock.after(this.ackWaitMs / 3, () => {
      if (this.current === undefined) return;
      if (this.session.connection.up) this.session.connection.nc.publish(this.current.handle, WORKING);
      this.extend();
    });
  }

  /**
   * Nothing waits, or only what came later. What another process holds, which may have been killed, comes back within its
   * lease; one that goes on with it is left to it.
   */
  private async isOver(): Promise<boolean> {
    const info = await this.jsm.consumers.info(this.spec.stream, this.spec.consumer);
    if (info.num_pending > 0 && !this.passed) return false;
    if (info.num_ack_pending <= this.open.size) return true;
    return this.clock.now() - this.lastNewAt > this.ackWaitMs + 2 * LOOK_MS;
  }

  private async pulled(signal: AbortSignal): Promise<StreamMessage | undefined> {
    this.asked ??= this.pull();
    try {
      const message = await untilAborted(this.asked, signal);
      this.asked = undefined;
      return message;
    } catch (thrown) {
      if (!signal.aborted) this.asked = undefined;
      throw thrown;
    }
  }

  /** A message that is there now. */
  private async pull(): Promise<StreamMessage | undefined> {
    const { nc } = this.session.connection;
    // An inbox of its own: the message comes with its own subject, by which nats.js tells the answers of a shared one apart.
    const options = { timeout: ANSWER_MS, noMux: true };
    const message = await nc.request(this.subject, JSON.stringify({ batch: 1, no_wait: true }), options);
    const info = deliveryInfo(message.reply ?? '');
    if (info !== undefined) return new StreamMessage(message, info, this.context);
    refuseOthers(message);
    return undefined;
  }

  private get context(): ConstructorParameters<typeof StreamMessage>[2] {
    const { client, connection, io } = this.session;
    return { broker: io.broker, readParams: undefined, toJsMsg: (message) => client.toJsMsg(message, connection.nc) };
  }
}

/** 404: there is none; 408: none came in time. Throws for any other answer. */
function refuseOthers(message: ClientMessage): void {
  const { code = 0, description = '' } = headersOf(message) ?? {};
  if (![404, 408].includes(code)) throw new Error(`the server refused a pull: ${String(code)} ${description}`);
}
