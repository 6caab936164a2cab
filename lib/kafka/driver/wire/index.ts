// Kafka's protocol as bytes, where the client's own way of writing it costs too much.
export { produceRequest, type ProduceRequest } from './produce-request.js';
