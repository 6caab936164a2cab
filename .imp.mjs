const f=async()=>(await import('./dist/esm/kafka/twin/kafka-twin.js')).KafkaTwin;
for(let r=0;r<5;r++){const t=performance.now(); for(let i=0;i<5000;i++) await f(); console.log(((performance.now()-t)/5000*1000).toFixed(1),'us');}
