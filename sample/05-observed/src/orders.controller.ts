import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { Broker, InjectBroker } from 'nestjs-multi-broker';

@Controller('orders')
export class OrdersController {
  constructor(@InjectBroker('orders') private readonly orders: Broker) {}

  @Post()
  @HttpCode(202)
  async order(@Body() order: object): Promise<void> {
    await this.orders.publish('sample-orders', order);
  }
}
