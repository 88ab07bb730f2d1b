// SPDX-License-Identifier: MIT
// The page of ftrain review: what is shown, what is said of each picture, and decisions, which are written at once.
'use strict';

const token = document.querySelector('meta[name=ftrain-token]').content;
const $ = (id) => document.getElementById(id);
const filters = { split: $('split'), class: $('class'), reason: $('reason'), decision: $('decision'), name: $('name') };
const large = $('large'), classes = $('classes'), help = $('help');

// What the browser keeps of pictures is for this visit alone: the next one may be to another set.
const visit = Date.now();
let set = null;          // what the server says of the data set
let pictures = [];       // set.pictures; their places are their ids
const done = [];         // what was decided on this page: lists of ids
let sending = Promise.resolve(); // decisions go out one after the other

// ---- words ----

const number = (value) => value.toFixed(value < 10 ? 2 : 0);
const nameOf = (path) => path.slice(path.lastIndexOf('/') + 1);
const count = (many, what) => many + ' ' + what + (many === 1 ? '' : 's');

function classWords(to) {
  return typeof to === 'number' ? set.classes[to] : to;
}

function decisionWords(decision) {
  if (!decision) return '';
  const [kind, to] = decision;
  if (kind === 'move') return 'moved to ' + classWords(to);
  return kind === 'keep' ? 'kept' : 'excluded';
}

// Why a picture deserves a look, each reason in a few words.
function reasonWords(picture) {
  const words = [];
  if (picture.broken) words.push('cannot be used');
  if (picture.label) words.push('rather ' + set.classes[picture.label[0]] + ' ' + number(picture.label[2]));
  if (picture.copy !== undefined) {
    const first = pictures[picture.copy];
    const kind = picture.same ? 'same bytes' : 'near copy';
    words.push(first === picture ? 'has copies' : kind + ' of ' + first.path);
  }
  if (picture.unfamiliar_percentile) words.push('unfamiliar: stranger than ' + picture.unfamiliar_percentile.toFixed(0) + ' % of validation');
  if (picture.colour) words.push('colour stands out: ' + picture.colour[1] + ', z ' + number(picture.colour[0]));
  if (picture.features) words.push('features stand out, z ' + number(picture.features));
  return words;
}

function say(text, isError) {
  $('status').textContent = text;
  $('status').classList.toggle('error', Boolean(isError));
}

// The address of what the server shows of a picture: '/thumbnail', '/picture'.
const addressOf = (what, id) => what + '?id=' + id + '&visit=' + visit;

// ---- filters ----

const reasons = {
  label: { title: 'wrong label?', holds: (p) => p.label, rank: (p) => p.label[1] - p.label[2] },
  copy: { title: 'copies', holds: (p) => p.copy !== undefined, rank: (p) => p.copy },
  unfamiliar: { title: 'unfamiliar', holds: (p) => p.unfamiliar_percentile, rank: (p) => -p.unfamiliar_percentile },
  outlier: { title: 'outlier', holds: (p) => p.colour || p.features,
             rank: (p) => -Math.max(p.colour ? p.colour[0] : 0, p.features || 0) },
  broken: { title: 'cannot be used', holds: (p) => p.broken, rank: () => 0 },
};
const decisions = {
  none: { title: 'none yet', holds: (p) => !p.decision },
  some: { title: 'some', holds: (p) => p.decision },
  keep: { title: 'kept', holds: (p) => p.decision && p.decision[0] === 'keep' },
  exclude: { title: 'excluded', holds: (p) => p.decision && p.decision[0] === 'exclude' },
  move: { title: 'moved', holds: (p) => p.decision && p.decision[0] === 'move' },
};

function fill(select, first, options) {
  select.replaceChildren(new Option(first, ''), ...options.map(([value, title]) => new Option(title, value)));
}

function fillFilters() {
  fill(filters.split, 'all', set.splits.map((name, i) => [i, name]));
  filters.split.parentElement.hidden = set.splits.length < 2;
  fill(filters.class, 'all', set.classes.map((name, i) => [i, name]));
  const found = Object.entries(reasons)
      .map(([key, reason]) => [key, reason, pictures.filter(reason.holds).length])
      .filter(([key, , many]) => many || key === 'copy' || key === 'outlier' || (key === 'label' && set.labels_judged));
  fill(filters.reason, 'all', found.map(([key, reason, many]) => [key, reason.title + ' (' + many + ')']));
  filters.reason.parentElement.hidden = !set.searched;
  fill(filters.decision, 'all', Object.entries(decisions).map(([key, { title }]) => [key, title]));
}

function shownIds() {
  const reason = reasons[filters.reason.value], decision = decisions[filters.decision.value];
  const name = filters.name.value.toLowerCase(), { value: split } = filters.split, { value: label } = filters.class;
  const ids = [];
  pictures.forEach((picture, id) => {
    if (split !== '' && picture.split !== Number(split)) return;
    if (label !== '' && picture.class !== Number(label)) return;
    if (reason && !reason.holds(picture)) return;
    if (decision && !decision.holds(picture)) return;
    if (name && !picture.path.toLowerCase().includes(name)) return;
    ids.push(id);
  });
  if (reason) ids.sort((a, b) => reason.rank(pictures[a]) - reason.rank(pictures[b]) || a - b);
  return ids;
}

function filter(activeId) {
  const ids = shownIds();
  grid.show(ids, activeId);
  $('empty').hidden = ids.length > 0;
  $('grid').hidden = !ids.length;
  if (ids.length) grid.layOut();
}

function sayShown() {
  const decided = pictures.filter((picture) => picture.decision).length;
  say(count(grid.ids.length, 'picture') + ' of ' + pictures.length + ' shown, ' + decided + ' decided on');
}

// ---- the grid ----

function makeCell(id) {
  const cell = document.createElement('div'), frame = document.createElement('div');
  const image = document.createElement('img'), name = document.createElement('div');
  cell.id = 'picture-' + id;
  cell.className = 'cell';
  cell.setAttribute('role', 'option');
  frame.className = 'frame';
  const fail = () => {
    const words = document.createElement('div');
    words.className = 'failed';
    words.textContent = 'cannot be shown';
    image.replaceWith(words);
  };
  image.alt = '';
  image.setAttribute('aria-hidden', 'true');
  image.decoding = 'async';
  image.draggable = false;
  name.className = 'name';
  name.textContent = nameOf(pictures[id].path);
  const mark = document.createElement('div'), why = document.createElement('div');
  mark.className = 'mark';
  why.className = 'why';
  frame.append(image, mark);
  cell.append(frame, name, why);
  image.addEventListener('error', () => {
    if (!image.getAttribute('src')) return; // it went out of sight
    fail();
    learnWhy(id);
  });
  if (pictures[id].broken) fail();
  else image.src = addressOf('/thumbnail', id);
  return cell;
}

// A picture that has not come is broken where the server says so of the picture; else it is asked for again when
// it comes into sight again.
async function learnWhy(id) {
  try {
    const answer = await fetch(addressOf('/thumbnail', id), { method: 'HEAD' });
    if (answer.status === 422) pictures[id].broken = true;
  } catch { /* the server does not answer, which says nothing of the picture */ }
}

function fillCell(cell, id) {
  const picture = pictures[id], decided = decisionWords(picture.decision), why = reasonWords(picture).join('; ');
  const mark = cell.querySelector('.mark');
  mark.textContent = decided;
  mark.hidden = !decided;
  cell.querySelector('.why').textContent = why || set.classes[picture.class];
  cell.classList.toggle('excluded', Boolean(picture.decision) && picture.decision[0] === 'exclude');
  cell.title = picture.path + (why ? '\n' + why : '');
  cell.setAttribute('aria-label', [picture.path, decided, why].filter(Boolean).join(', '));
}

const grid = new Grid($('grid'), $('space'), makeCell, fillCell);

$('grid').addEventListener('click', (event) => {
  const cell = event.target.closest('.cell');
  if (!cell) return;
  const place = Number(cell.dataset.place);
  if (event.ctrlKey || event.metaKey) grid.toggle(place);
  grid.goTo(place, event.shiftKey);
});
$('grid').addEventListener('dblclick', (event) => {
  if (event.target.closest('.cell')) open();
});

// ---- decisions ----

// What it throws says by isRefused that the server has done nothing; of all else nobody knows here.
async function post(address, body) {
  const answer = await fetch(address, { method: 'POST', headers: { 'X-Ftrain-Token': token }, body });
  if (answer.ok) return answer;
  let why = answer.status + ' ' + answer.statusText;
  try {
    why = (await answer.json()).error.message;
  } catch { /* it was no JSON: the status says what is known */ }
  throw Object.assign(new Error(why), { isRefused: answer.status < 500 });
}

function refresh(id) {
  grid.markAll();
  if (large.open && (id === undefined || id === grid.activeId)) showDecision();
}

const isEqual = (a, b) => JSON.stringify(a) === JSON.stringify(b);

// Sends it behind those that are on their way. What the server answers is what is so. isStep: what it takes back is none
// of `done` any more.
function send(ids, decision, to, words, before, isStep) {
  sending = sending.then(async () => {
    try {
      const body = JSON.stringify({ pictures: ids, decision, ...(to === undefined ? {} : { class: to }) });
      const answer = await (await post('/decide', body)).json();
      for (const { id, decision: now } of answer.pictures) pictures[id].decision = now;
      const changed = answer.pictures.map(({ id }) => id).filter((id, k) => !isEqual(before[k], pictures[id].decision));
      if (decision === 'undo' && !isStep) forget(ids);
      else if (decision !== 'undo' && changed.length) done.push(changed);
      say(words);
    } catch (error) {
      ids.forEach((id, k) => { pictures[id].decision = before[k]; });
      say(error.isRefused ? 'Not written: ' + error.message
          : 'Perhaps not written; reload the page to see what is decided. ' + error.message, true);
    }
    refresh();
  });
}

// What is undone cannot be stepped back to: of each picture the last decision.
function forget(ids) {
  const left = new Set(ids);
  for (let k = done.length - 1; k >= 0; k--) {
    done[k] = done[k].filter((id) => !left.delete(id));
    if (!done[k].length) done.splice(k, 1);
  }
}

// The picture to go to once `ids` are decided on: the next that is not one of them.
function following(ids) {
  const gone = new Set(ids);
  const last = Math.max(...ids.map((id) => grid.ids.indexOf(id)));
  for (let place = last + 1; place < grid.ids.length; place++) if (!gone.has(grid.ids[place])) return grid.ids[place];
  for (let place = last; place >= 0; place--) if (!gone.has(grid.ids[place])) return grid.ids[place];
  return undefined;
}

function decide(kind, to) {
  const ids = large.open ? [grid.activeId] : grid.chosen;
  if (!ids.length) return;
  const before = ids.map((id) => pictures[id].decision), next = following(ids);
  for (const id of ids) {
    const stays = kind === 'move' && to === pictures[id].class;
    pictures[id].decision = kind !== 'move' || stays ? [stays ? 'keep' : kind] : ['move', to];
  }
  const words = (kind === 'keep' ? 'kept' : kind === 'exclude' ? 'excluded' : 'moved to ' + set.classes[to]) + ': ' +
      (ids.length === 1 ? pictures[ids[0]].path : count(ids.length, 'picture'));
  send(ids, kind, to, words, before);
  grid.selectNone();
  filter(next === undefined ? ids[0] : next);
  if (large.open && next === undefined) {
    if (grid.ids.length) showLarge();
    else close();
  } else if (large.open) {
    showLarge();
  }
}

function undo() {
  const ids = (large.open ? [grid.activeId] : grid.chosen).filter((id) => pictures[id].decision);
  if (!ids.length) {
    say('Nothing is decided here that could be undone.');
    return;
  }
  takeBack(ids, 'undone: ', false);
}

function stepBack() {
  sending = sending.then(() => {
    const ids = done.pop();
    if (ids) takeBack(ids, 'taken back: ', true);
    else say('Nothing was decided on this page that could be taken back.');
  });
}

function takeBack(ids, what, isStep) {
  const words = what + (ids.length === 1 ? pictures[ids[0]].path : count(ids.length, 'picture'));
  send(ids, 'undo', undefined, words, ids.map((id) => pictures[id].decision), isStep);
  sending = sending.then(() => {
    const id = ids.length === 1 ? ids[0] : grid.activeId;
    filter(id);
    if (large.open) showLarge();
  });
}

// ---- moving ----

function move() {
  const ids = large.open ? [grid.activeId] : grid.chosen;
  if (!ids.length) return;
  const from = new Set(ids.map((id) => pictures[id].class));
  if (set.classes.length < 2) {
    say('There is no other class.');
  } else if (set.classes.length === 2 && from.size === 1) {
    decide('move', 1 - [...from][0]);
  } else {
    $('class-list').replaceChildren(...set.classes.map((name, i) => {
      const button = document.createElement('button');
      button.type = 'button';
      button.textContent = (i < 9 ? i + 1 + '  ' : '') + name;
      button.addEventListener('click', () => chooseClass(i));
      return button;
    }));
    classes.showModal();
  }
}

function chooseClass(to) {
  classes.close();
  decide('move', to);
}

classes.addEventListener('keydown', (event) => {
  const buttons = [...$('class-list').children], at = buttons.indexOf(document.activeElement);
  const to = '123456789'.indexOf(event.key);
  if (to >= 0 && to < buttons.length) chooseClass(to);
  else if (event.key === 'ArrowDown') buttons[Math.min(at + 1, buttons.length - 1)].focus();
  else if (event.key === 'ArrowUp') buttons[Math.max(at - 1, 0)].focus();
  else return;
  event.preventDefault();
});

// ---- one picture, large ----

function showDecision() {
  $('large-decision').textContent = decisionWords(pictures[grid.activeId].decision) || 'nothing decided yet';
}

function showLarge() {
  const id = grid.activeId, picture = pictures[id];
  $('large-name').textContent = picture.path;
  $('large-picture').alt = picture.path;
  $('large-picture').hidden = Boolean(picture.broken);
  if (!picture.broken) $('large-picture').src = addressOf('/picture', id);
  $('large-facts').textContent = ['class ' + set.classes[picture.class], ...reasonWords(picture)].join('\n');
  $('large-error').hidden = true;
  showDecision();
  if (picture.broken) showFailure();
  $('large-map-figure').hidden = !set.model_classes || Boolean(picture.broken);
  if (set.model_classes && !picture.broken) showMap(id);
}

async function showMap(id) {
  const image = $('large-map');
  $('large-map-words').textContent = 'the model is asked …';
  image.style.visibility = 'hidden';
  try {
    const answer = await post('/map?id=' + id);
    const drawn = URL.createObjectURL(await answer.blob());
    if (id !== grid.activeId || !large.open) {
      URL.revokeObjectURL(drawn);
      return;
    }
    URL.revokeObjectURL(image.src);
    image.src = drawn;
    const name = set.model_classes[Number(answer.headers.get('X-Ftrain-Class'))];
    const share = (100 * Number(answer.headers.get('X-Ftrain-Probability'))).toFixed(1);
    image.alt = 'where the evidence for ' + name + ' lies';
    image.style.visibility = 'visible';
    $('large-map-words').textContent = 'the model says ' + name + ', ' + share + ' %; the brighter, the more speaks for it';
  } catch (error) {
    if (id === grid.activeId) $('large-map-words').textContent = 'no map: ' + error.message;
  }
}

function showFailure() {
  $('large-error').textContent = 'This picture cannot be shown.';
  $('large-error').hidden = false;
}

$('large-picture').addEventListener('error', showFailure);

function open() {
  if (!grid.ids.length) return;
  if (!large.open) large.showModal();
  showLarge();
}

function go(step) {
  grid.goTo(grid.active + step, false);
  showLarge();
}

function close() {
  const opened = [help, classes, large].find((dialog) => dialog.open);
  if (opened) opened.close();
  else grid.selectNone();
}

for (const dialog of [large, classes, help])
  dialog.addEventListener('close', () => (large.open ? large : $('grid')).focus());

// ---- what buttons and keys do ----

const actions = {
  keep: () => decide('keep'), exclude: () => decide('exclude'), move, undo, back: stepBack, open, close,
  help: () => help.showModal(), next: () => go(1), previous: () => go(-1),
};
const keys = { k: 'keep', x: 'exclude', Delete: 'exclude', m: 'move', u: 'undo', z: 'back', '?': 'help' };

document.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-action]');
  if (button) actions[button.dataset.action]();
});

function onGridKey(event) {
  const place = grid.place(event.key);
  if (place !== undefined) grid.goTo(place, event.shiftKey);
  else if (event.key === ' ') grid.toggle(grid.active);
  else if (event.key === 'Enter') open();
  else if (event.key === 'Escape') grid.selectNone();
  else if (event.key === 'a' && (event.ctrlKey || event.metaKey)) grid.selectAll();
  else return false;
  return true;
}

function onLargeKey(event) {
  if (event.key === 'ArrowRight' || event.key === 'PageDown') go(1);
  else if (event.key === 'ArrowLeft' || event.key === 'PageUp') go(-1);
  else return false;
  return true;
}

function onKey(event) {
  if (help.open || classes.open || event.target.matches('input, select')) return false;
  if (large.open && onLargeKey(event)) return true;
  if (!large.open && event.target === $('grid') && onGridKey(event)) return true;
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  if (event.key === '/' && !large.open) filters.name.focus();
  else if (event.key in keys) actions[keys[event.key]]();
  else return false;
  return true;
}

document.addEventListener('keydown', (event) => {
  if (set && onKey(event)) event.preventDefault();
});
filters.name.addEventListener('keydown', (event) => {
  if (event.key === 'Enter' || event.key === 'Escape') $('grid').focus();
});

// ---- the beginning ----

function onFilter() {
  filter(grid.activeId);
  sayShown();
}

$('filters').addEventListener('submit', (event) => event.preventDefault());
for (const control of Object.values(filters))
  control.addEventListener(control === filters.name ? 'input' : 'change', onFilter);
$('all').addEventListener('click', () => {
  for (const control of Object.values(filters)) control.value = '';
  onFilter();
  $('grid').focus();
});

async function begin() {
  try {
    const answer = await fetch('/set');
    const value = await answer.json();
    if (!answer.ok) throw new Error(value.error.message);
    set = value;
    pictures = set.pictures;
    $('folder').textContent = set.folder;
    document.title = 'Review ' + set.folder;
    fillFilters();
    filter();
    sayShown();
    $('grid').focus();
  } catch (error) {
    say('The pictures cannot be listed: ' + error.message, true);
  }
}

begin();
