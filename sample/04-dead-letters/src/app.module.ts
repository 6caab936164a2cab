import { Module } from '@nestjs/common';
import { MultiBrokerModule } from 'nestjs-multi-broker';
import { inMemory, parking, shop } from './brokers.js';
import { DeadLetterDesk } from './dead-letter-desk.js';
import { Payments } from './payments.js';

@Module({
  imports: [MultiBrokerModule.forRoot([shop, parking], { inMemory })],
  providers: [Payments, DeadLetterDesk],
})
export class AppModule {}
