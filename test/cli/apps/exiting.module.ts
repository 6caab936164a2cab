import { Module } from '@nestjs/common';
import { MultiBrokerModule } from 'nestjs-multi-broker';

if (process.env['EXIT'] === 'load') process.exit(0);

@Module({
  imports: [
    MultiBrokerModule.forRootAsync({
      useFactory: () => (process.env['EXIT'] === 'create' ? process.exit(0) : []),
    }),
  ],
})
export class AppModule {}
