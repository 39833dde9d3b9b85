// What both pages share. Nodes are made by code, never from strings, so nothing that a zome says is read as HTML.

export function h(tag, props, ...kids) { return fill(document.createElement(tag), props, kids); }
export function s(tag, props, ...kids) { return fill(document.createElementNS('http://www.w3.org/2000/svg', tag), props, kids); }
function fill(node, props, kids) {
  for (const [key, value] of Object.entries(props ?? {})) {
    if (value === undefined || value === null || (value === false && !key.startsWith('aria-'))) continue;
    if (key.startsWith('on')) node.addEventListener(key.slice(2), value);
    else if (key === 'css') Object.assign(node.style, value);       // through the object model: the policy forbids style attributes
    else node.setAttribute(key, value === true && !key.startsWith('aria-') ? '' : value);
  }
  // One by one: a call takes only so many arguments, and a zome may answer with more.
  for (const kid of kids.flat(Infinity)) if (kid !== null && kid !== undefined && kid !== false) node.append(kid);
  return node;
}
export const $ = (selector, root = document) => root.querySelector(selector);
export const put = (node, ...kids) => { node.replaceChildren(); for (const kid of kids.flat(Infinity)) if (kid) node.append(kid); return node; };

// Redraws a part without taking the focus away from the element in it that has it.
export function redraw(root, draw) {
  const active = root.contains(document.activeElement) ? document.activeElement : null, id = active?.dataset.id, caret = active?.matches('textarea') ? [active.selectionStart, active.selectionEnd] : null;
  draw();
  if (!id) return;
  const again = root.querySelector(`[data-id="${CSS.escape(id)}"]`);
  again?.focus({ preventScroll: true });
  if (caret) again?.setSelectionRange(...caret);
}

// A group is one stop of the Tab key; the arrow keys move within it.
export function roving(root, selector) {
  const all = [...root.querySelectorAll(selector)];
  const current = all.find((x) => x.matches('[aria-checked=true], [aria-current=true], [aria-selected=true], [aria-pressed=true]')) ?? all[0];
  for (const x of all) x.tabIndex = x === current ? 0 : -1;
  root.onkeydown = (event) => {
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key], i = all.indexOf(document.activeElement);
    if (!step || i < 0) return;
    event.preventDefault();
    all[(i + step + all.length) % all.length].focus();
  };
}

const two = (n) => String(n).padStart(2, '0');
export const fmt = {
  clock: (t) => { const d = new Date(t); return `${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`; },
  clockMs: (t) => `${fmt.clock(t)}.${String(new Date(t).getMilliseconds()).padStart(3, '0')}`,
  span(ms) {
    if (ms < 1000) return `${Math.round(ms)} ms`;
    const sec = ms / 1000;
    if (sec < 10) return `${sec.toFixed(1)} s`;
    if (sec < 120) return `${Math.round(sec)} s`;
    if (sec < 7200) return `${Math.round(sec / 60)} min`;
    return sec < 172800 ? `${Math.round(sec / 3600)} h` : `${Math.round(sec / 86400)} d`;
  },
  ms: (ms) => (ms < 10 ? ms.toFixed(1) : ms < 1000 ? Math.round(ms) : (ms / 1000).toFixed(1)) + (ms < 1000 ? ' ms' : ' s'),
  count: (n) => n.toLocaleString('en-GB'),
  bytes: (n) => (n < 1024 ? `${n} B` : n < 1048576 ? `${(n / 1024).toFixed(n < 10240 ? 1 : 0)} KiB` : n < 1073741824 ? `${(n / 1048576).toFixed(1)} MiB` : `${(n / 1073741824).toFixed(1)} GiB`),
  hash: (x) => (x.length > 14 ? `${x.slice(0, 7)}…${x.slice(-4)}` : x),
  plural: (n, one, many = `${one}s`) => `${fmt.count(n)} ${n === 1 ? one : many}`,
};

// Shapes on a 12 × 12 field. Every state that has a colour also has one of these.
const SHAPES = {
  answered: () => [s('circle', { cx: 6, cy: 6, r: 5 }), s('path', { class: 'cut', d: 'M3.7 6.2 5.4 7.9 8.4 4.4' })],
  error: () => [s('circle', { cx: 6, cy: 6, r: 5 }), s('path', { class: 'cut', d: 'M4.2 4.2l3.6 3.6M7.8 4.2 4.2 7.8' })],
  not_run: () => [s('circle', { class: 'l', cx: 6, cy: 6, r: 4.4 }), s('path', { class: 'l', d: 'M3 9 9 3' })],
  arrived: () => [s('circle', { class: 'l', cx: 6, cy: 6, r: 4.4 }), s('path', { d: 'M6 1.6a4.4 4.4 0 0 1 0 8.8z' })],
  unknown: () => [s('circle', { class: 'l dash', cx: 6, cy: 6, r: 5.2 }), s('path', { class: 'l', d: 'M4.5 4.9a1.5 1.5 0 1 1 2.2 1.4c-.5.2-.7.5-.7 1' }), s('circle', { cx: 6, cy: 8.9, r: .8 })],
  open: () => [s('circle', { cx: 2, cy: 6, r: 1.3 }), s('circle', { cx: 6, cy: 6, r: 1.3 }), s('circle', { cx: 10, cy: 6, r: 1.3 })],
  queued: () => [s('path', { class: 'l', d: 'M2 3h8M2 6h8M2 9h5' })],
  live: () => [s('circle', { cx: 6, cy: 6, r: 4 })],
  down: () => [s('path', { class: 'l', d: 'M2.5 2.5l7 7M9.5 2.5l-7 7' })],
  trying: () => [s('g', { class: 'turn' }, s('path', { class: 'l', d: 'M10.4 6A4.4 4.4 0 1 1 6 1.6' }))],
  signal: () => [s('circle', { cx: 6, cy: 9, r: 1.4 }), s('path', { class: 'l', d: 'M3.2 6.6a4 4 0 0 1 5.6 0M1.2 4.2a6.8 6.8 0 0 1 9.6 0' })],
  block: () => [s('path', { class: 'l', d: 'M2 2h8v8H2z' })],
  info: () => [s('circle', { cx: 6, cy: 2.4, r: 1.1 }), s('path', { class: 'l', d: 'M6 5.6v4.2' })],
  debug: () => [s('circle', { cx: 6, cy: 6, r: 1.6 })],
  warn: () => [s('path', { class: 'l', d: 'M6 1.5 11 10.3H1zM6 5v2.2' }), s('circle', { cx: 6, cy: 8.8, r: .7 })],
  reload: () => [s('path', { class: 'l', d: 'M10.2 4.6A4.5 4.5 0 1 0 10.4 7M10.4 1.8v2.9H7.5' })],
  gap: () => [s('path', { class: 'l', d: 'M1 9 4 3M5 9 8 3M9 9l2-4' })],
  lock: () => [s('path', { class: 'l', d: 'M2.5 5.5h7v5h-7zM4 5.5V3.8a2 2 0 0 1 4 0v1.7' })],
};
const COLOURS = { answered: 'ok', error: 'bad', not_run: 'dim', arrived: 'unsure', unknown: 'unsure', open: 'wait', queued: 'wait', live: 'ok', down: 'bad', trying: 'wait', warn: 'wait', gap: 'unsure' };
export const glyph = (name, label, plain) =>
  s('svg', { class: `g ${plain ? '' : COLOURS[name] ?? ''}`, viewBox: '0 0 12 12', role: label ? 'img' : null, 'aria-label': label, 'aria-hidden': label ? null : 'true' }, SHAPES[name]());
export const state = (name, text) => h('span', { class: 'state' }, glyph(name), text);

// For drawings; the class `hatch` is the same thing for text.
export const hatch = () => s('defs', {}, s('pattern', { id: 'hatch', width: 6, height: 6, patternUnits: 'userSpaceOnUse', patternTransform: 'rotate(45)' }, s('path', { class: 'hatching', d: 'M1 0V6' })));

// The words for the four outcomes; `error` is an answer too.
export const OUTCOME = {
  answered: 'Answered', error: 'Answered with an error', not_run: 'Not run', arrived: 'Arrived, answer lost', unknown: 'Unknown, may have run',
};

// A list that draws only the rows in view. Rows have one height, so a million of them cost what thirty do.
export class VList {
  constructor(node, { height, draw, select, open, label, top }) {
    Object.assign(this, { node, height, draw, select, open, top, rows: [], at: -1 });
    this.space = h('div', { class: 'space' });
    node.classList.add('vlist');
    for (const [key, value] of Object.entries({ role: 'listbox', tabindex: 0, 'aria-label': label })) node.setAttribute(key, value);
    node.append(this.space);
    node.addEventListener('scroll', () => this.paint(), { passive: true });
    node.addEventListener('keydown', (event) => this.key(event));
    new ResizeObserver(() => this.paint()).observe(node);
  }
  // New rows come at the top. A reader further down is not moved: the scroll position grows with the list.
  set(rows, added = 0) {
    const away = this.node.scrollTop > this.height;
    this.rows = rows;
    if (this.at >= 0) this.at += added;
    this.fresh = added;
    this.space.style.height = `${rows.length * this.height}px`;
    if (away && added) this.node.scrollTop += added * this.height;
    this.paint();
    this.fresh = 0;
    return away ? added : 0;
  }
  paint() {
    const { scrollTop, clientHeight } = this.node;                  // read once: after the rows are replaced it would cost a layout
    const first = Math.max(0, Math.floor(scrollTop / this.height) - 6);
    const last = Math.min(this.rows.length, first + Math.ceil(clientHeight / this.height) + 12);
    const drawn = [];
    for (let i = first; i < last; i += 1) {
      let row;
      try { row = this.draw(this.rows[i], i); } catch (error) { row = h('div', { class: 'clip' }, `This row could not be drawn: ${error.message}`); }
      row.classList.add('row');
      if (i < this.fresh) row.classList.add('fresh');
      row.id = `${this.node.id}-${i}`;
      row.setAttribute('role', 'option');
      row.setAttribute('aria-setsize', this.rows.length);
      row.setAttribute('aria-posinset', i + 1);
      row.setAttribute('aria-selected', i === this.at);
      row.style.height = `${this.height}px`;
      row.style.transform = `translateY(${i * this.height}px)`;
      row.addEventListener('click', () => this.go(i, true));
      drawn.push(row);
    }
    this.space.replaceChildren(...drawn);
    this.node.setAttribute('aria-activedescendant', this.at >= first && this.at < last ? `${this.node.id}-${this.at}` : '');
    this.range = [Math.floor(scrollTop / this.height), Math.min(this.rows.length, Math.ceil((scrollTop + clientHeight) / this.height))];
    this.top?.(this);
  }
  go(i, mouse) {
    if (!this.rows.length) return;
    this.at = Math.max(0, Math.min(this.rows.length - 1, i));
    const y = this.at * this.height;
    const { scrollTop, clientHeight } = this.node;
    if (y < scrollTop) this.node.scrollTop = y;
    if (y + this.height > scrollTop + clientHeight) this.node.scrollTop = y + this.height - clientHeight;
    this.select?.(this.rows[this.at], this.at, mouse);
    this.paint();
  }
  key(event) {
    const page = Math.max(1, Math.floor(this.node.clientHeight / this.height) - 1);
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity, j: 1, k: -1 }[event.key];
    if (step !== undefined && !event.ctrlKey && !event.metaKey) { event.preventDefault(); this.go(step === -Infinity ? 0 : step === Infinity ? this.rows.length - 1 : this.at + step); return; }
    if (['Enter', 'ArrowRight', 'ArrowLeft', ' '].includes(event.key) && this.at >= 0) { event.preventDefault(); this.open?.(this.rows[this.at], event.key); }
  }
}

// Single keys work while nothing is being typed, and can be switched off. `?` shows them.
export function keyboard(map) {
  const off = () => localStorage.getItem('ham.keys') === 'off';
  const box = h('input', { type: 'checkbox', checked: !off(), onchange: () => localStorage.setItem('ham.keys', box.checked ? 'on' : 'off') });
  const dialog = h('dialog', { 'aria-labelledby': 'keys-title' },
    h('h2', { id: 'keys-title' }, 'Keys'),
    h('dl', {}, map.map(([keys, what]) => [h('dt', {}, keys.split(' ').map((key, i) => [i ? ' ' : '', h('kbd', {}, key)])), h('dd', {}, what)])),
    h('form', { method: 'dialog', class: 'bottom-line' }, h('button', { class: 'btn' }, 'Close'), h('label', { class: 'dim' }, box, 'Single keys on')));
  document.body.append(dialog);
  const show = () => dialog.showModal();
  document.addEventListener('keydown', (event) => {
    const typing = event.target.closest('input, textarea, select, dialog');
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === '?') { show(); return; }
    if (off()) return;
    const hit = map.find(([keys, , run]) => run && keys.split(' ').includes(event.key));
    if (hit) { event.preventDefault(); hit[2](event); }
  });
  return show;
}

// Read out by a screen reader; the page shows the same elsewhere.
const region = h('div', { class: 'hide', 'aria-live': 'polite' });
export const announce = (text) => { region.isConnected || document.body.append(region); region.textContent = text; };

// JSON both ways, with integers that a number would round, if the browser can tell them apart.
const exact = (key, v, from) => (typeof v === 'number' && !Number.isSafeInteger(v) && /^-?\d+$/.test(from?.source ?? '') ? BigInt(from.source) : v);
export const parse = (text) => (/\d{16}/.test(text) ? JSON.parse(text, exact) : JSON.parse(text));
const written = (v) => (typeof v === 'bigint' ? JSON.rawJSON(String(v)) : v);
export const print = (value, indent) => JSON.stringify(value, (key, v) => written(v), indent);

// What stands for bytes in JSON: an object with this one key and a text. Any other object with such a key is what a
// zome said.
function mark(value, name) {
  const keys = value === null || typeof value !== 'object' ? [] : Object.keys(value);
  return typeof value?.[name] === 'string' && (keys.length === 1 || (name === '$messagepack' && keys.length === 2 && typeof value.why === 'string'));
}
const marked = (value) => ['$hash', '$bytes', '$messagepack'].some((name) => mark(value, name));

// JSON as people read it: hashes shortened, marked forms unwrapped, long lists cut, and so is the whole.
export function json(value, depth = 0, left = { items: ITEMS }) {
  const pad = '  '.repeat(depth + 1);
  if (value === null || typeof value !== 'object' && typeof value !== 'string') return h('span', { class: 'j-n' }, String(value));
  if (typeof value === 'string') return h('span', { class: 'j-s' }, JSON.stringify(value));
  if (mark(value, '$hash')) return h('a', { href: `#${value.$hash}`, 'data-hash': value.$hash, class: 'hash', title: value.$hash }, fmt.hash(value.$hash));
  if (mark(value, '$bytes')) return h('span', { class: 'j-n' }, `${fmt.bytes(Math.floor(value.$bytes.length * .75))} of bytes`);
  if (mark(value, '$messagepack')) return h('span', { class: 'j-n' }, `not shown: ${value.why}`);
  const list = Array.isArray(value), keys = list ? value.keys() : Object.keys(value), all = list ? value.length : keys.length, parts = [];
  if (!all) return list ? '[]' : '{}';
  for (const key of keys) {
    if (parts.length === LONGEST || left.items <= 0) break;
    left.items -= 1;
    parts.push(['\n', pad, list ? '' : [h('span', { class: 'j-k' }, key), ': '], json(value[key], depth + 1, left), parts.length < all - 1 ? ',' : '']);
  }
  const more = all - parts.length;
  return h('span', {}, list ? '[' : '{', parts, more ? ['\n', pad, h('span', { class: 'j-n' }, `and ${fmt.count(more)} more`)] : '', '\n', '  '.repeat(depth), list ? ']' : '}');
}
const LONGEST = 500, ITEMS = 5000;                                   // of one list, and of all lists of a value
// A one-line title for an entry: the first text in it.
export function title(value, depth = 0) {
  if (typeof value === 'string') return value.slice(0, 80);
  if (value === null || typeof value !== 'object' || depth > 4 || marked(value)) return '';
  for (const v of Object.values(value).slice(0, LONGEST)) { const found = title(v, depth + 1); if (found) return found; }
  return '';
}
export const line = (value) => JSON.stringify(value, (key, v) => (mark(v, '$hash') ? fmt.hash(v.$hash) : written(v))).slice(0, 400).replace(/"([a-z_]+)":/g, '$1: ').replace(/,(?=[^ ])/g, ', ');
