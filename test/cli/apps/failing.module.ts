import { Module } from '@nestjs/common';
import { MultiBrokerModule } from 'nestjs-multi-broker';

@Module({
  imports: [
    MultiBrokerModule.forRootAsync({
      useFactory: () => {
        throw new Error('the settings are missing');
      },
    }),
  ],
})
export class AppModule {}
