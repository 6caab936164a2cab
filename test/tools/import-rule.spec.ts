import { describe, expect, it } from '@jest/globals';
import { ESLint, Linter } from 'eslint';
// @ts-expect-error: plain JavaScript, without declarations.
import { importRule } from '../../tools/eslint/import-rule.mjs';

// The project's own configuration, so that a rule that is switched off there fails here.
const eslint = new ESLint({ ruleFilter: ({ ruleId }) => ruleId === 'layers/imports' });

async function complaints(filePath: string, code: string): Promise<string[]> {
  const [result] = await eslint.lintText(code, { filePath });
  return result!.messages.map((message) => message.message);
}

describe('the layers of lib/', () => {
  it.each([
    ['lib/driver/index.ts', `import { x } from '../kafka/index.js';`, /"driver" may not import "kafka"/],
    ['lib/driver/index.ts', `export * from '../index.js';`, /"driver" may not import "index"/],
    ['lib/kafka/index.ts', `import type { X } from '../nats/index.js';`, /"kafka" may not import "nats"/],
    ['lib/nats/index.ts', `export { x } from '../kafka/topic.js';`, /"nats" may not import "kafka"/],
    ['lib/nats/index.ts', `const x = import('../kafka/index.js');`, /"nats" may not import "kafka"/],
    ['lib/nats/index.ts', `type X = import('../kafka/index.js').X;`, /"nats" may not import "kafka"/],
    ['lib/errors/index.ts', `import { x } from '../driver/index.js';`, /"errors" may not import "driver"/],
    ['lib/testing/index.ts', `import { x } from '../module/index.js';`, /"testing" may not import "module"/],
    ['lib/kafka/index.ts', `import { x } from '../driver/broker.js';`, /Import "driver" through its index\.js/],
    ['lib/index.ts', `export { x } from './kafka/topic.js';`, /Import "kafka" through its index\.js/],
    ['lib/driver/index.ts', `import type { Message } from 'kafkajs';`, /Only lib\/kafka may import "kafkajs"/],
    ['lib/index.ts', `export type { Msg } from 'nats';`, /Only lib\/nats may import "nats"/],
    ['lib/kafka/index.ts', `const nats = await import('nats');`, /Only lib\/nats may import "nats"/],
    ['lib/driver/index.ts', `import { x } from '../../test/support/x.js';`, /outside of it/],
  ])('in %s refuses %s', async (filePath, code, message) => {
    expect(await complaints(filePath, code)).toEqual([expect.stringMatching(message)]);
  });

  it.each([
    ['lib/index.ts', `export * from './kafka/index.js';`],
    ['lib/kafka/index.ts', `import type { Kafka } from 'kafkajs';\nexport * from './driver/index.js';`],
    ['lib/kafka/index.ts', `import { x } from '../twin/index.js';\nimport { y } from '../driver/index.js';`],
    ['lib/driver/index.ts', `import { x } from '../errors/index.js';\nimport { y } from './message.js';`],
  ])('in %s lets %s pass', async (filePath, code) => {
    expect(await complaints(filePath, code)).toEqual([]);
  });
});

describe('lib/twin', () => {
  const config: Linter.Config = {
    plugins: { layers: { rules: { imports: importRule } } },
    rules: { 'layers/imports': 2 },
  };
  const count = (code: string) => new Linter().verify(code, config, 'lib/twin/bus.js').length;

  it.each([`const kafkaBus = 1;`, `const kind = 'nats';`, 'const text = `for JetStream`;', `export class NatsBus {}`])(
    'may not say %s',
    (code) => {
      expect(count(code)).toBe(1);
    },
  );

  it('may use other words', () => {
    expect(count(`const subject = 'signatures';`)).toBe(0);
  });
});
