import { brokersOnce, plainOnce } from './modules.js';

const [, , which, count] = process.argv;
const from = performance.now();
for (let left = Number(count); left > 0; left--) await (which === 'brokers' ? brokersOnce() : plainOnce());
process.send?.(performance.now() - from, () => process.disconnect());
