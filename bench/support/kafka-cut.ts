import { connect, type Socket } from 'node:net';
import type { ISocketFactory } from 'kafkajs';

const NOBODY = { host: '127.0.0.1', port: 1 };

// The way of one Kafka broker of the application, which is cut while the server is up.
const sockets = new Set<Socket>();
let cut = false;

export const socketFactory: ISocketFactory = ({ host, port, onConnect }) => {
  const socket = connect(cut ? NOBODY : { host, port }, onConnect);
  sockets.add(socket);
  socket.on('close', () => sockets.delete(socket));
  return socket;
};

export function cutKafka(): void {
  cut = true;
  for (const socket of sockets) socket.destroy(new Error('cut'));
}

export function mendKafka(): void {
  cut = false;
}
