import { Logger } from '@nestjs/common';
import { afterEach, expect, it, jest } from '@jest/globals';
import { NestLog } from '../../lib/module/nest-log.js';

const logger = { log: jest.fn(), debug: jest.fn(), warn: jest.fn(), error: jest.fn() };
afterEach(() => {
  Logger.overrideLogger(new Logger());
});

it("everything is written by Nest's logger under one context name", () => {
  Logger.overrideLogger(logger);
  const log = new NestLog();
  log.debug('d');
  log.info('i');
  log.warn('w');
  const cause = new Error('c');
  log.error('e', cause);
  expect(logger.debug).toHaveBeenCalledWith('d', 'MultiBroker');
  expect(logger.log).toHaveBeenCalledWith('i', 'MultiBroker');
  expect(logger.warn).toHaveBeenCalledWith('w', 'MultiBroker');
  expect(logger.error).toHaveBeenCalledWith('e', cause.stack, 'MultiBroker');
});
