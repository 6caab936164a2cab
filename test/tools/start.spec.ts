import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it } from '@jest/globals';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Runs it until it has said so, then presses Ctrl-C; gives all that it said. */
async function said(args: string[], until: RegExp): Promise<{ text: string; code: unknown }> {
  const env = { ...process.env, BROKERS: '', NO_COLOR: '1' };
  const child = spawn(process.execPath, ['tools/start.mjs', ...args], { cwd: root, env });
  let text = '';
  const listen = (chunk: Buffer) => {
    text += chunk.toString();
    if (until.test(text)) child.kill('SIGINT');
  };
  child.stdout.on('data', listen);
  child.stderr.on('data', listen);
  const [code, signal] = await once(child, 'close');
  return { text, code: code ?? signal };
}

it('a sample tells what is compiled and where to before it runs, and stops in order at Ctrl-C', async () => {
  const { text } = await said(['01-kafka-nats-bridge'], /fromNats saw "Bye\."/);
  expect(text.split('\n').slice(0, 2)).toEqual([
    'Compiling lib/ and sample/01-kafka-nats-bridge/src/ to .tmp/sample/01-kafka-nats-bridge/, without a type check',
    expect.stringMatching(/^Compiled \d+ files in [\d.]+ s; starting sample\/01-kafka-nats-bridge\/src\/main\.ts$/),
  ]);
  expect(text).toMatch(/fromNats saw "Bye\."[^]*Stopped\n$/);
});

it('a name that is no sample is answered by those there are', async () => {
  const { text, code } = await said(['04-none'], /$^/);
  expect(text).toBe(
    'No sample 04-none: there are 01-kafka-nats-bridge, 02-two-kafka-clusters, 03-late-broker, 04-dead-letters, 05-observed\n',
  );
  expect(code).toBe(1);
});
