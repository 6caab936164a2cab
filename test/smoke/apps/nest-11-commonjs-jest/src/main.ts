import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module';
import { Bridge } from './bridge';

async function main() {
  const app = await NestFactory.createApplicationContext(AppModule, { logger: ['error', 'warn'] });
  const bridge = app.get(Bridge);
  await bridge.send('Hi!');
  console.log(`arrived: ${await bridge.arrived}`);
  await app.close();
}

void main();
