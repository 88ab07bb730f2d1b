// SPDX-License-Identifier: MIT
// ONNX Runtime as an engine: MODEL INPUTS BATCH THREADS OUTPUTS [OPTIMISED]. MODEL is what export_onnx.py or
// export_onnx_int8.py wrote for BATCH. OPTIMISED gets the model as the runtime has changed it.
'use strict';
const fs = require('fs');
const readline = require('readline');
const ort = require('onnxruntime-node');

const SIZE = 224;

// The file's pictures have channels innermost, the network takes them outermost.
function readInputs(path, batch) {
  const count = batch * SIZE * SIZE * 3;
  const bytes = Buffer.alloc(4 * count);
  const file = fs.openSync(path, 'r');
  fs.readSync(file, bytes, 0, 4 * count, 0);
  fs.closeSync(file);
  const pixels = new Float32Array(bytes.buffer, bytes.byteOffset, count);
  const planes = new Float32Array(count);
  for (let n = 0; n < batch; n++)
    for (let p = 0; p < SIZE * SIZE; p++)
      for (let c = 0; c < 3; c++)
        planes[(n * 3 + c) * SIZE * SIZE + p] = pixels[(n * SIZE * SIZE + p) * 3 + c];
  return new ort.Tensor('float32', planes, [batch, 3, SIZE, SIZE]);
}

function writeOutputs(path, results) {
  const tensors = [results.features, results.logits];
  fs.writeFileSync(path, Buffer.concat(tensors.map(
      (t) => Buffer.from(t.data.buffer, t.data.byteOffset, t.data.byteLength))));
}

async function main() {
  const [model, inputs, batch, threads, outputs, optimised] = process.argv.slice(2);
  const session = await ort.InferenceSession.create(model, {
    executionProviders: ['cpu'],
    graphOptimizationLevel: 'all',
    executionMode: 'sequential',
    intraOpNumThreads: Number(threads),
    interOpNumThreads: 1,
    ...(optimised ? {optimizedModelFilePath: optimised} : {}),
    // Workers may spin within a run, as by default, but not while other engines have their turn.
    extra: {session: {force_spinning_stop: '1'}},
  });
  const feeds = {input: readInputs(inputs, Number(batch))};
  writeOutputs(outputs, await session.run(feeds));
  console.log('ready');
  for await (const line of readline.createInterface({input: process.stdin})) {
    if (line.startsWith('quit')) break;
    const start = process.hrtime.bigint();
    await session.run(feeds);
    console.log((Number(process.hrtime.bigint() - start) / 1e6).toFixed(4));
  }
}

main().catch((error) => {
  console.error(`onnxruntime: ${error.message}`);
  process.exit(1);
});
