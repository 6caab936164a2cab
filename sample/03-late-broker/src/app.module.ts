import { Module } from '@nestjs/common';
import { MultiBrokerModule } from 'nestjs-multi-broker';
import { Bridge } from './bridge.js';
import { inMemory, orders } from './brokers.js';

@Module({
  imports: [MultiBrokerModule.forRoot([orders], { inMemory, allowLateBrokers: true })],
  providers: [Bridge],
})
export class AppModule {}
