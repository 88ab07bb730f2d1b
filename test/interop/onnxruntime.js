// SPDX-License-Identifier: MIT
// Runs a model once: MODEL (NAME TYPE SHAPE FILE)... ; prints all outputs as JSON, {name: {dims, data}}.
'use strict';
const fs = require('fs');
const ort = require('onnxruntime-node');

const ARRAYS = {float32: Float32Array, uint8: Uint8Array};

function readTensor(type, shape, path) {
  const bytes = fs.readFileSync(path);
  const own = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  return new ort.Tensor(type, new ARRAYS[type](own), shape.split(',').map(Number));
}

async function main() {
  const [model, ...inputs] = process.argv.slice(2);
  const session = await ort.InferenceSession.create(model, {executionProviders: ['cpu'], intraOpNumThreads: 2});
  const feeds = {};
  for (let i = 0; i < inputs.length; i += 4) feeds[inputs[i]] = readTensor(inputs[i + 1], inputs[i + 2], inputs[i + 3]);
  const results = await session.run(feeds);
  const told = {};
  for (const name of session.outputNames) told[name] = {dims: results[name].dims, data: Array.from(results[name].data)};
  console.log(JSON.stringify(told));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
