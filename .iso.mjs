import 'reflect-metadata';
import { ManagedMultiBroker } from './dist/esm/lifecycle/index.js';
import { TestDrivers } from './dist/esm/testing/test-drivers.js';
import { kafkaBroker } from './dist/esm/kafka/index.js';
import { natsBroker } from './dist/esm/nats/index.js';
const defs=[kafkaBroker({ name: 'orders', groupId: 'g', client: { brokers: ['127.0.0.1:1'] } }), natsBroker({ name: 'events', client: { servers: 'nats://127.0.0.1:1' } })];
const log={debug(){},info(){},warn(){},error(){}};
class H{}; for(let i=0;i<10;i++) H.prototype['h'+i]=()=>undefined;
const decl=Array.from({length:10},(_, i)=>({handler:'H.h'+i, method:{type:H,name:'h'+i}, broker:i%2?'events':'orders', source:'a'+i, options:{}, publishTo:[], problems:[], call: async()=>undefined}));
const T={}; const add=(k,d)=>T[k]=(T[k]||0)+d;
async function once(){
  const t0=performance.now();
  const d=new TestDrivers({}); const m=new ManagedMultiBroker(d, log);
  for(const x of defs) m.register(x);
  const t1=performance.now();
  m.explore(()=>decl); m.check();
  const t2=performance.now();
  const s=m.start(); const t2b=performance.now(); await s;
  const t3=performance.now();
  await d.stopping(); await m.drain();
  const t4=performance.now();
  await m.disconnect();
  const t5=performance.now();
  await d.onApplicationShutdown();
  const t6=performance.now();
  add('make',t1-t0);add('check',t2-t1);add('start',t3-t2);add('drain',t4-t3);add('disc',t5-t4);add('shut',t6-t5);
}
for(let r=0;r<4;r++){ for(const k in T) T[k]=0; const N=2000; const t=performance.now(); for(let i=0;i<N;i++) await once(); const all=(performance.now()-t)/N*1000;
 console.log(Object.entries(T).map(([k,v])=>k+' '+(v/N*1000).toFixed(0)).join('  '),'all',all.toFixed(0)); }
