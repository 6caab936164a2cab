const t=performance.now(); require('reflect-metadata'); require('@nestjs/common'); require('@nestjs/core'); require('@nestjs/testing'); const t1=performance.now();
const before=Object.keys(require.cache).length;
require('./dist/cjs/index.js'); const t2=performance.now(); const a=Object.keys(require.cache).length;
require('./dist/cjs/kafka/index.js'); require('./dist/cjs/nats/index.js'); const t3=performance.now(); const b=Object.keys(require.cache).length;
require('./dist/cjs/testing/index.js');const t4=performance.now(); const c=Object.keys(require.cache).length;
require('./dist/cjs/kafka/twin/index.js');require('./dist/cjs/nats/twin/index.js'); const t5=performance.now(); const d=Object.keys(require.cache).length;
console.log('nest',(t1-t).toFixed(0),'ms',before,'files; .',(t2-t1).toFixed(0),a-before,'; kinds',(t3-t2).toFixed(0),b-a,'; testing',(t4-t3).toFixed(0),c-b,'; twins',(t5-t4).toFixed(0),d-c);
console.log(Object.keys(require.cache).filter(f=>/conformance/.test(f)).length,'conformance');
