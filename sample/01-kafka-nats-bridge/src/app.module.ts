import { Module } from '@nestjs/common';
import { MultiBrokerModule } from 'nestjs-multi-broker';
import { Bridge } from './bridge.js';
import { events, inMemory, orders } from './brokers.js';
import { Greeter } from './greeter.js';

@Module({
  imports: [MultiBrokerModule.forRoot([orders, events], { inMemory })],
  providers: [Bridge, Greeter],
})
export class AppModule {}
