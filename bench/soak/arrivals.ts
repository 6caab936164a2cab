import type { Arrival, Travelling } from './flows.js';
import { readStream, readTopic, type Stored } from '../support/read-all.js';
import type { Servers } from './servers.js';

/** Reads each topic and stream once, whatever is asked of it. */
export class Arrivals {
  private readonly topics = new Map<string, Promise<readonly Travelling[]>>();
  private readonly streams = new Map<string, Promise<Map<string, Stored[]>>>();

  constructor(private readonly servers: Servers) {}

  async at(arrival: Arrival): Promise<readonly Travelling[]> {
    return 'topic' in arrival ? this.topic(arrival.topic) : this.stored(arrival.stream, arrival.subject);
  }

  async stored(stream: string, subject: string): Promise<readonly Stored[]> {
    const reading = this.streams.get(stream) ?? readStream(this.servers, stream);
    this.streams.set(stream, reading);
    return (await reading).get(subject) ?? [];
  }

  private topic(topic: string): Promise<readonly Travelling[]> {
    const reading = this.topics.get(topic) ?? readTopic(this.servers, topic);
    this.topics.set(topic, reading);
    return reading;
  }
}
