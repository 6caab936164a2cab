import type { BrokerHealth } from 'nestjs-multi-broker';
import { flow, type FlowName, isTopic } from './flows.js';

/** Whether some health says what stands and why: the connection is lost, or a reason names it. */
export function tells(name: FlowName, brokers: readonly BrokerHealth[]): boolean {
  const words = wordsOf(name);
  return concerned(name, brokers).some(({ status, reasons, notes }) =>
    [...reasons, ...notes].some((reason) => status === 'down' || words.some((word) => reason.includes(word))),
  );
}

/** What the brokers of a flow say. */
export function spoken(name: FlowName, brokers: readonly BrokerHealth[]): string {
  const said = concerned(name, brokers).map(({ name: broker, status, reasons, notes }) => {
    const text = [...reasons, ...notes].join('; ').slice(0, 400);
    return text === '' ? `${broker} ${status}` : `${broker} ${status} (${text})`;
  });
  return said.join(', ') || 'none';
}

function concerned(name: FlowName, brokers: readonly BrokerHealth[]): readonly BrokerHealth[] {
  return brokers.filter((broker) => flow(name).brokers.includes(broker.name));
}

/** By what a reason may name a flow: its source, who reads it, its handler, its destinations. */
function wordsOf(name: FlowName): readonly string[] {
  const { from, to } = flow(name);
  const source = isTopic(from) ? [from.topic, from.group] : [from.stream, from.durable];
  return [...source, `Flows.${name}`, ...to.map((arrival) => ('topic' in arrival ? arrival.topic : arrival.subject))];
}
