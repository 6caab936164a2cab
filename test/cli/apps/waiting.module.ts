import { Module } from '@nestjs/common';
import { MultiBrokerModule } from 'nestjs-multi-broker';

/** A provider waits for a server that does not answer. */
@Module({
  imports: [MultiBrokerModule.forRoot([])],
  providers: [{ provide: 'DATABASE', useFactory: () => new Promise(() => undefined) }],
})
export class AppModule {}
