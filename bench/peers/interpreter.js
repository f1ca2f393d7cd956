// Peer: npm aws-local-stepfunctions, in memory. `node interpreter.js [ITEMS]`
const { StateMachine } = require('aws-local-stepfunctions');

const definition = {
  StartAt: 'M',
  States: {
    M: { Type: 'Map', End: true, ItemProcessor: { StartAt: 'P', States: { P: { Type: 'Pass', End: true } } } },
  },
};

async function main() {
  const count = Number(process.argv[2] || 10000);
  const items = Array.from({ length: count }, (_, n) => ({ n }));
  const begin = process.hrtime.bigint();
  const result = await new StateMachine(definition).run(items).result;
  const seconds = Number(process.hrtime.bigint() - begin) / 1e9;
  if (result.length !== count) throw new Error('wrong result');
  console.log(JSON.stringify({ items: count, seconds, transitions_per_second: Math.round((count + 1) / seconds) }));
}

main();
