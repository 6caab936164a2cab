export const entryPoints = ['', '/kafka', '/nats', '/testing', '/driver'].map((path) => `nestjs-multi-broker${path}`);
