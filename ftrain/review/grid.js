// SPDX-License-Identifier: MIT
// A grid of any number of pictures, of which only those in sight are in the document. The element with the focus is
// the grid itself; the picture at hand is named by aria-activedescendant, so that it may come and go.
'use strict';

const NAME_HEIGHT = 48;   // of the two lines below a picture, with the padding
const ROWS_BEYOND = 2;    // rows that are kept above and below those in sight

class Grid {
  // makeCell(id) gives an element for a picture, fillCell(cell, id) brings it up to date.
  constructor(box, space, makeCell, fillCell) {
    Object.assign(this, { box, space, makeCell, fillCell });
    this.ids = [];             // of the pictures, in the order in which they are shown
    this.active = 0;           // a place in `ids`
    this.anchor = 0;           // where a selection with Shift begins
    this.selected = new Set(); // ids
    this.cells = new Map();    // by place
    box.addEventListener('scroll', () => this.draw());
    new ResizeObserver(() => this.layOut()).observe(box);
  }

  show(ids, activeId) {
    this.ids = ids;
    const shown = new Set(ids);
    for (const id of this.selected) if (!shown.has(id)) this.selected.delete(id);
    this.active = Math.max(0, activeId === undefined ? 0 : ids.indexOf(activeId));
    this.anchor = this.active;
    this.clear();
    this.layOut();
    this.reveal();
  }

  // A picture that is out of sight before it has arrived is not waited for.
  drop(place) {
    const cell = this.cells.get(place);
    for (const image of cell.querySelectorAll('img')) image.removeAttribute('src');
    cell.remove();
    this.cells.delete(place);
  }

  clear() {
    for (const place of [...this.cells.keys()]) this.drop(place);
  }

  layOut() {
    const width = this.space.clientWidth;
    if (!width) return;
    const wanted = width < 500 ? 108 : 168;
    this.columns = Math.max(1, Math.round(width / wanted));
    this.side = width / this.columns;
    this.height = this.side + NAME_HEIGHT;
    this.space.style.height = Math.ceil(this.ids.length / this.columns) * this.height + 'px';
    for (const [place, cell] of this.cells) this.put(cell, place);
    this.draw();
  }

  put(cell, place) {
    const style = cell.style;
    style.left = (place % this.columns) * this.side + 'px';
    style.top = Math.floor(place / this.columns) * this.height + 'px';
    style.width = this.side + 'px';
    style.height = this.height + 'px';
    cell.querySelector('.frame').style.height = this.side - 8 + 'px';
  }

  draw() {
    if (!this.columns) return;
    const above = Math.floor(this.box.scrollTop / this.height) - ROWS_BEYOND;
    const below = Math.ceil((this.box.scrollTop + this.box.clientHeight) / this.height) + ROWS_BEYOND;
    const first = Math.max(0, above * this.columns), end = Math.min(this.ids.length, below * this.columns);
    for (const place of [...this.cells.keys()])
      if ((place < first || place >= end) && place !== this.active) this.drop(place);
    for (let place = first; place < end; place++) this.needCell(place);
    if (this.active < this.ids.length) this.needCell(this.active);
  }

  needCell(place) {
    if (this.cells.has(place)) return;
    const cell = this.makeCell(this.ids[place]);
    cell.setAttribute('aria-posinset', place + 1);
    cell.setAttribute('aria-setsize', this.ids.length);
    cell.dataset.place = place;
    this.put(cell, place);
    this.cells.set(place, cell);
    this.mark(place);
    // in the document they stand in their order, whatever way they came into sight
    let after = null;
    for (const other of this.space.children)
      if (Number(other.dataset.place) > place) {
        after = other;
        break;
      }
    this.space.insertBefore(cell, after);
  }

  mark(place) {
    const cell = this.cells.get(place);
    if (!cell) return;
    const id = this.ids[place];
    cell.setAttribute('aria-selected', this.selected.has(id));
    cell.classList.toggle('active', place === this.active);
    if (place === this.active) this.box.setAttribute('aria-activedescendant', cell.id);
    this.fillCell(cell, id);
  }

  markAll() {
    for (const place of this.cells.keys()) this.mark(place);
    if (!this.ids.length) this.box.removeAttribute('aria-activedescendant');
  }

  // Scrolls so that the picture at hand is in sight.
  reveal() {
    if (!this.columns) return;
    const top = Math.floor(this.active / this.columns) * this.height;
    if (top < this.box.scrollTop) this.box.scrollTop = top;
    else if (top + this.height > this.box.scrollTop + this.box.clientHeight)
      this.box.scrollTop = top + this.height - this.box.clientHeight;
    this.draw();
    this.markAll();
  }

  get activeId() {
    return this.ids[this.active];
  }

  // What a decision is on.
  get chosen() {
    if (this.selected.size) return this.ids.filter((id) => this.selected.has(id));
    return this.ids.length ? [this.activeId] : [];
  }

  goTo(place, extends_) {
    this.active = Math.max(0, Math.min(this.ids.length - 1, place));
    if (extends_) {
      this.selected.clear();
      const from = Math.min(this.anchor, this.active), to = Math.max(this.anchor, this.active);
      for (let at = from; at <= to; at++) this.selected.add(this.ids[at]);
    } else {
      this.anchor = this.active;
    }
    this.reveal();
  }

  toggle(place) {
    const id = this.ids[place];
    if (!this.selected.delete(id)) this.selected.add(id);
    this.anchor = place;
    this.markAll();
  }

  selectAll() {
    this.selected = new Set(this.ids);
    this.markAll();
  }

  selectNone() {
    this.selected.clear();
    this.markAll();
  }

  // Where a key leads; undefined: it leads nowhere.
  place(key) {
    const page = Math.max(1, Math.floor(this.box.clientHeight / this.height) - 1) * this.columns;
    const steps = {
      ArrowLeft: -1, ArrowRight: 1, ArrowUp: -this.columns, ArrowDown: this.columns, PageUp: -page, PageDown: page,
    };
    if (key === 'Home') return 0;
    if (key === 'End') return this.ids.length - 1;
    return key in steps ? this.active + steps[key] : undefined;
  }
}
