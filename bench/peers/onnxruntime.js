// onnxruntime.js MODEL.onnx INPUT WIDTH HEIGHT: runs the model on the floats of the file INPUT once
// per line read from standard input; answers each with the CPU time in ms and the scores.
const fs = require('fs');
const readline = require('readline');
const ort = require('onnxruntime-node');

const [model, file, width, height] = process.argv.slice(2);

async function main() {
  const session = await ort.InferenceSession.create(model, {
    intraOpNumThreads: 1, interOpNumThreads: 1, graphOptimizationLevel: 'all',
    executionMode: 'sequential', logSeverityLevel: 3,
  });
  const bytes = fs.readFileSync(file);
  const values = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  const input = new ort.Tensor('float32', values, [1, 3, +height, +width]);
  for await (const _ of readline.createInterface({ input: process.stdin })) {
    const before = process.cpuUsage();
    const result = await session.run({ input });
    const used = process.cpuUsage(before);
    const scores = Array.from(Object.values(result)[0].data);
    process.stdout.write([(used.user + used.system) / 1e3, ...scores].join(' ') + '\n');
  }
}

main().catch((error) => {
  process.stderr.write(`onnxruntime: ${error.message}\n`);
  process.exit(1);
});
