// SPDX-License-Identifier: MIT
// The page of ftrain serve: pictures that are chosen, dropped or pasted are judged, each with its map.
'use strict';

const token = document.querySelector('meta[name=ftrain-token]').content;
const results = document.getElementById('results');
const status = document.getElementById('status');
const AT_ONCE = 4;           // requests under way at the same time
const MOST_CLASSES = 20;     // in a card
const WAITS = [500, 1000, 2000, 4000, 8000]; // milliseconds, while the server is full

const percent = (value) => (100 * value).toFixed(value > 0.0995 && value < 0.9995 ? 1 : 2) + ' %';
const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

// ---- the server ----

async function explain(file) {
  const address = '/v1/explain?top=' + MOST_CLASSES + '&name=' + encodeURIComponent(file.name || 'picture');
  for (let attempt = 0; ; attempt++) {
    const answer = await fetch(address, {
      method: 'POST',
      headers: { 'Content-Type': 'application/octet-stream', 'X-Ftrain-Token': token },
      body: file,
    });
    if (answer.status === 503 && attempt < WAITS.length) {
      await pause(WAITS[attempt]);
      continue;
    }
    const value = await answer.json();
    if (!answer.ok) throw new Error(value.error.message);
    return value;
  }
}

let sets = null; // what the server was told of sets of classes

async function showModel() {
  try {
    const model = await (await fetch('/v1/model')).json();
    sets = model.sets;
    const words = [model.model, model.backbone, model.classes.length + ' classes: ' + model.classes.join(', ')];
    document.getElementById('model').textContent = words.join(' · ');
  } catch (error) {
    document.getElementById('model').textContent = 'The server does not answer: ' + error.message;
  }
}

// ---- one picture ----

function addCard(file) {
  const card = document.getElementById('card').content.firstElementChild.cloneNode(true);
  const picture = card.querySelector('.picture');
  const address = URL.createObjectURL(file);
  card.classList.add('waiting');
  card.querySelector('h2').textContent = file.name || 'picture';
  picture.src = address;
  picture.alt = file.name || 'the picture';
  card.querySelector('.headline').textContent = 'being judged …';
  card.querySelector('.remove').setAttribute('aria-label', 'Remove ' + (file.name || 'the picture'));
  card.querySelector('.remove').addEventListener('click', () => {
    const next = card.nextElementSibling || card.previousElementSibling;
    URL.revokeObjectURL(address);
    card.remove();
    (next ? next.querySelector('.remove') : document.getElementById('files')).focus();
  });
  results.prepend(card);
  return card;
}

function addRow(body, name, probability) {
  const row = body.insertRow();
  row.insertCell().textContent = name;
  const number = row.insertCell();
  number.className = 'n';
  number.textContent = percent(probability);
  const meter = document.createElement('meter');
  meter.value = probability;
  meter.setAttribute('aria-label', name);
  row.insertCell().append(meter);
}

// The classes that are not excluded, where the server tells sets.
function showSet(card, value) {
  if (!value.set) return;
  const text = card.querySelector('.set');
  text.textContent = 'set' + (sets ? ' for coverage ' + sets.asked : '') + ': ' +
      (value.set.length ? value.set.join(', ') : 'empty: like no class');
  text.hidden = false;
}

function showResult(card, value) {
  const map = card.querySelector('.map');
  const first = value.probabilities[value.class];
  card.querySelector('.headline').textContent = value.class + ' ' + percent(first) +
    (value.unfamiliar ? ', unfamiliar ' + value.unfamiliar_percentile.toFixed(1) + ' %' : '');
  map.src = value.map;
  map.alt = 'where the evidence for ' + value.explained + ' lies';
  map.nextElementSibling.textContent = 'evidence for ' + value.explained;
  showSet(card, value);
  const body = card.querySelector('tbody');
  // the most probable first, as they came: an object of a script has names that are numbers before all others
  const rows = Object.entries(value.probabilities).sort((a, b) => b[1] - a[1]);
  for (const [name, probability] of rows) addRow(body, name, probability);
}

function showError(card, error) {
  const text = card.querySelector('.error');
  card.querySelector('.headline').textContent = 'not judged';
  text.textContent = error.message;
  text.hidden = false;
  card.querySelector('.views').hidden = true;
  card.querySelector('.scroll').hidden = true;
}

async function judge(card, file) {
  try {
    showResult(card, await explain(file));
    return true;
  } catch (error) {
    showError(card, error);
    return false;
  } finally {
    card.classList.remove('waiting');
  }
}

// ---- all pictures ----

const line = [];
let running = 0, judged = 0, failed = 0;

function showStatus() {
  const words = [];
  if (running + line.length) words.push(running + line.length + ' being judged');
  if (judged) words.push(judged + ' judged');
  if (failed) words.push(failed + ' could not be used');
  status.textContent = words.join(', ');
}

async function work() {
  running++;
  while (line.length) {
    const [card, file] = line.shift();
    showStatus();
    if (await judge(card, file)) judged++;
    else failed++;
  }
  running--;
  showStatus();
}

function take(files) {
  for (const file of files) line.push([addCard(file), file]);
  while (running < AT_ONCE && line.length) work();
  showStatus();
}

// ---- where they come from ----

const drop = document.getElementById('drop');
const isOfFiles = (event) => Array.from(event.dataTransfer.types).includes('Files');

document.getElementById('files').addEventListener('change', (event) => {
  take(Array.from(event.target.files));
  event.target.value = '';
});
document.addEventListener('dragover', (event) => {
  if (!isOfFiles(event)) return;
  event.preventDefault();
  drop.classList.add('over');
});
document.addEventListener('dragleave', (event) => {
  if (!event.relatedTarget) drop.classList.remove('over');
});
document.addEventListener('drop', (event) => {
  if (!isOfFiles(event)) return;
  event.preventDefault();
  drop.classList.remove('over');
  take(Array.from(event.dataTransfer.files));
});
document.addEventListener('paste', (event) => {
  take(Array.from(event.clipboardData.files));
});

document.getElementById('example').textContent =
  'curl -H "Content-Type: image/jpeg" --data-binary @a.jpg ' + location.origin + '/v1/predict\n' +
  'curl -F a=@a.jpg -F b=@b.png ' + location.origin + '/v1/predict';
showModel();
