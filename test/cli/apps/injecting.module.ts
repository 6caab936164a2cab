import { Injectable, Module } from '@nestjs/common';
import { type Broker, InjectBroker, MultiBrokerModule } from 'nestjs-multi-broker';

@Injectable()
class Injecting {
  constructor(@InjectBroker('order') readonly broker: Broker) {}
}

@Module({ imports: [MultiBrokerModule.forRoot([])], providers: [Injecting] })
export class AppModule {}
