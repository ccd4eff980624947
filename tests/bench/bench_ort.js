// node bench_ort.js MODULES MODEL.onnx RUNS THREADS: least processor seconds of an
// inference by the onnxruntime-node in MODULES/node_modules.
const path = require('path');
const [modules, model, runs, threads] = process.argv.slice(2);
const ort = require(path.resolve(modules, 'node_modules/onnxruntime-node'));

async function main() {
  const session = await ort.InferenceSession.create(model, {
    intraOpNumThreads: Number(threads),
    interOpNumThreads: 1,
    extra: {session: {intra_op: {allow_spinning: '0'}}},
  });
  const dims = session.inputMetadata[0].shape.map(d => typeof d === 'number' ? d : 1);
  const data = new Float32Array(dims.reduce((a, b) => a * b, 1));
  for (let i = 0; i < data.length; i++)
    data[i] = (i * 7919 % 2001) / 1000 - 1;
  const feeds = {[session.inputNames[0]]: new ort.Tensor('float32', data, dims)};
  let least = Infinity;
  for (let i = 0; i < Number(runs); i++) {
    const from = process.cpuUsage();
    await session.run(feeds);
    const used = process.cpuUsage(from);
    least = Math.min(least, (used.user + used.system) / 1e6);
  }
  console.log(least);
}

main().catch(e => { console.error(String(e)); process.exit(1); });
