// The DHT as a drawing: every entry is a dot in the field of its type, in the order in which it was written, so the
// picture grows and never jumps. Links between two types are one ribbon with a number; the links of the chosen entry
// are drawn one by one.
import { fmt, h, put, s, title } from './ui.js';

const LABEL = 40, GAP = 26;

export class Dht {
  constructor(root, { api, pick }) {
    Object.assign(this, { root, api, pick, chosen: null, history: true });
    this.svg = s('svg', { class: 'dht', tabindex: 0, role: 'listbox', 'aria-label': 'Entries by type' });
    put(root, this.svg);
    this.svg.addEventListener('keydown', (event) => this.key(event));
    new ResizeObserver(() => this.draw()).observe(root);
  }
  // Types in columns, by how many links away from a root they are.
  columns() {
    const { links } = this.api.types, depth = {};
    for (const t of this.api.types.entries) depth[t] = 0;
    for (let round = 0; round < 4; round += 1) for (const [from, to] of Object.values(links)) if (from !== to && to !== 'Agent' && to !== 'Path' && to in depth && from in depth) depth[to] = Math.min(6, Math.max(depth[to], depth[from] + 1));
    const columns = [];
    for (const t of this.api.types.entries) if (this.entries(t).length) (columns[depth[t]] ??= []).push(t);
    return columns.filter(Boolean);
  }
  entries(type) { return this.api.entries.filter((e) => e.type === type && !e.hidden); }

  draw() {
    const W = this.root.clientWidth, H = this.root.clientHeight;
    if (!W || !H) return;
    if (!this.columns().length) { put(this.svg); return; }
    const narrow = W < 560, room = narrow ? 1600 : H - 56;
    const cells = narrow ? [this.columns().flat()] : this.columns();
    const colW = (W - 48) / cells.length;
    // As large as fits: the pitch shrinks until the highest column fits; below 5 a dot stands for several entries.
    let pitch = narrow ? 16 : 28, each = 1;
    const few = (t) => this.entries(t).length <= 40, step = (t) => (few(t) ? Math.max(pitch, 14) : pitch), share = (t) => (few(t) ? 1 : each);
    const across = (t) => Math.max(4, Math.floor(Math.min(colW * .5, 330) / step(t)));
    const down = (t) => LABEL + Math.ceil(Math.ceil(this.entries(t).length / share(t)) / across(t)) * step(t);
    const high = () => Math.max(...cells.map((c) => c.reduce((sum, t) => sum + down(t) + GAP, 0)));
    while (pitch > 5 && high() > room * .8) pitch -= 1;
    while (high() > room * .8 && each < 64) each *= 2;
    const wide = (types) => Math.max(...types.map((t) => across(t) * step(t)));
    this.where = new Map(); this.boxes = new Map();
    const titles = [];
    cells.forEach((types, c) => {
      const heights = types.map(down), free = narrow ? GAP : Math.max(GAP, (room - heights.reduce((x, y) => x + y, 0)) / (types.length + 1));
      let y = narrow ? 16 : 16 + free;
      const x = 24 + c * colW + (narrow ? 0 : c && c === cells.length - 1 ? Math.max(0, colW - wide(types) - 8) : c ? (colW - wide(types)) / 2 : 0);
      types.forEach((t, k) => {
        const list = this.entries(t), live = list.filter((e) => !e.deleted).length, n = across(t), p = step(t), every = share(t), r = Math.max(1.6, Math.min(7, p * .3));
        const end = !narrow && c && c === cells.length - 1, tx = end ? x + n * p - p + 2 * r : x - 1, anchor = end ? 'end' : 'start';
        titles.push(s('text', { x: tx, y: y + 13, class: 'title', 'text-anchor': anchor }, t === 'Agent' ? 'Agents' : t === 'Path' ? 'Paths and others' : t), s('text', { x: tx, y: y + 29, class: 'sub', 'text-anchor': anchor }, `${fmt.count(live)}${live < list.length ? `, and ${fmt.count(list.length - live)} deleted` : ''}${every > 1 ? `; ${every} a dot` : ''}`));
        list.forEach((e, i) => { if (i % every === 0) { const at = i / every; this.where.set(e, { x: x + (at % n) * p + r, y: y + LABEL + Math.floor(at / n) * p + r, n, r, p, list, column: c }); } });
        this.boxes.set(t, { column: c, x, right: x + Math.min(n, list.length / every) * p, cy: y + LABEL + (heights[k] - LABEL) / 2 });
        y += heights[k] + free;
      });
      if (narrow) this.tall = y + 8;
    });
    this.svg.setAttribute('height', narrow ? this.tall + 24 * Object.keys(this.api.types.links).length : H);
    this.svg.setAttribute('width', W);

    const near = this.chosen && this.neighbours(this.chosen);
    const dots = [...this.where].map(([e, p]) => {
      const { r } = p;
      const kind = `lane${e.by.index} ${near && e !== this.chosen && !near.all.has(e) ? 'off' : ''}`;
      return [e.updates.length && p.p > 8 ? s('circle', { class: `ring ${kind}`, cx: p.x, cy: p.y, r: r + 2.4 }) : null, s('circle', { class: `dot ${kind} ${e.deleted ? 'gone' : ''}`, cx: p.x, cy: p.y, r: e.deleted ? r - .6 : r }),
        s('circle', { class: 'hit', cx: p.x, cy: p.y, r: p.p / 2, onclick: () => { this.choose(e); this.pick(e); } }, s('title', {}, `${e.type}: ${title(e.content)}`))];
    });
    const at = this.chosen && this.where.get(this.chosen);
    put(this.svg, s('defs', {}, s('marker', { id: 'tip', viewBox: '0 0 8 8', refX: 8, refY: 4, markerWidth: 8, markerHeight: 8, markerUnits: 'userSpaceOnUse', orient: 'auto-start-reverse' }, s('path', { class: 'tip', d: 'M1 1 7 4 1 7' }))),
      narrow ? [] : this.hair(near), near ? near.edges.map(([from, to, gone]) => this.edge(from, to, gone)) : [], dots, at ? s('circle', { class: 'halo', cx: at.x, cy: at.y, r: at.r + 5 }) : null, titles, narrow ? this.lines() : near ? [] : this.labels(cells.length));
  }
  curve(a, b, r = 0) {
    if (a.column === b.column) { const out = Math.max(a.x, b.x) + 30 + Math.abs(b.y - a.y) * .35; return `M${a.x + r} ${a.y}C${out} ${a.y} ${out} ${b.y} ${b.x + r + 3} ${b.y}`; }
    const way = Math.sign(b.x - a.x), mid = (b.x - a.x) * .5;
    return `M${(a.x + way * r).toFixed(1)} ${a.y.toFixed(1)}C${(a.x + mid).toFixed(1)} ${a.y.toFixed(1)} ${(b.x - mid).toFixed(1)} ${b.y.toFixed(1)} ${(b.x - way * (r + 3)).toFixed(1)} ${b.y.toFixed(1)}`;
  }
  // Every link as a hair, fainter the more there are, one path per type; above 3,000 only the type's ribbon.
  hair(near) {
    return Object.keys(this.api.types.links).map((name) => {
      const list = this.api.links.filter((l) => l.type === name && !l.deleted);
      if (list.length > 3000 && this.boxes.has(this.api.types.links[name][0]) && this.boxes.has(this.api.types.links[name][1])) { const [from, to] = this.api.types.links[name].map((t) => this.boxes.get(t)); return s('path', { class: 'ribbon', 'stroke-width': 2 * Math.log10(list.length), d: this.curve({ x: from.right, y: from.cy, column: from.column }, { x: to.x, y: to.cy, column: to.column }) }); }
      const d = list.map((l) => [this.where.get(l.base), this.where.get(l.target)]).filter(([a, b]) => a && b).map(([a, b]) => this.curve(a, b)).join('');
      return s('path', { class: `hair ${near ? 'off' : ''}`, css: near ? {} : { opacity: Math.max(.05, Math.min(.38, 3 / Math.sqrt(list.length))) }, d });
    });
  }
  // A label per link type, half-way between its columns, never on top of one another.
  labels(columns) {
    const gaps = Array.from({ length: columns }, () => []), beside = [];
    for (const [name, [from, to]] of Object.entries(this.api.types.links)) {
      const a = this.boxes.get(from), b = this.boxes.get(to), count = this.api.links.filter((l) => l.type === name && !l.deleted).length;
      if (!a || !b || !count) continue;
      if (a.column === b.column) { beside.push({ name, count, column: a.column, low: Math.min(a.x, b.x), high: Math.max(a.right, b.right), y: (a.cy + b.cy) / 2, end: a.column && a.column === columns - 1 }); continue; }
      const back = b.column < a.column, [left, right] = back ? [b, a] : [a, b];
      gaps[left.column].push({ name, count, back, x: (left.right + right.x) / 2, y: (left.cy + right.cy) / 2 });
    }
    beside.sort((a, b) => a.column - b.column || a.y - b.y);
    beside.forEach((l, i) => { const above = beside[i - 1]; if (above?.column === l.column) l.y = Math.max(l.y, above.y + 22); });
    const loops = beside.map((l) => s('text', { class: 'edge', x: l.end ? l.low - 16 : l.high + 12, y: l.y + 4, 'text-anchor': l.end ? 'end' : 'start' }, '↻ ', l.name, ' ', s('tspan', { class: 'n' }, fmt.count(l.count))));
    return loops.concat(gaps.flatMap((list) => {
      list.sort((a, b) => a.y - b.y);
      const x = list.reduce((sum, l) => sum + l.x, 0) / list.length;
      list.forEach((l, i) => { if (i) l.y = Math.max(l.y, list[i - 1].y + 22); });
      return list.map((l) => s('text', { class: 'edge', x, y: l.y + 4, 'text-anchor': 'middle' }, l.back ? '← ' : '', l.name, ' ', s('tspan', { class: 'n' }, fmt.count(l.count)), l.back ? '' : ' →'));
    }));
  }
  // On a phone the link types are listed under the fields.
  lines() {
    return Object.entries(this.api.types.links).map(([name, [from, to]], i) => s('text', { class: 'edge', x: 24, y: this.tall + 8 + i * 22 }, name, ' ', s('tspan', { class: 'n' }, fmt.count(this.api.links.filter((l) => l.type === name && !l.deleted).length)), `  ${from} → ${to}`));
  }
  edge(from, to, gone) {
    const a = this.where.get(from), b = this.where.get(to);
    return a && b ? s('path', { class: `edge-line ${gone ? 'gone' : ''}`, d: this.curve(a, b, b.r), 'marker-end': 'url(#tip)' }) : null;
  }
  neighbours(e) {
    const all = new Set(), edges = [];
    for (const l of this.api.links) if (l.base === e || l.target === e) { all.add(l.base === e ? l.target : l.base); edges.push([l.base, l.target, l.deleted]); }
    return { all, edges };
  }
  choose(e) { this.chosen = e; this.draw(); }
  key(event) {
    const p = this.where?.get(this.chosen);
    const list = p?.list ?? this.entries(this.columns()[0]?.[0]);
    if (!list?.length) return;
    const i = list.indexOf(this.chosen), n = p?.n ?? 1;
    const types = this.columns().flat();
    let to = { ArrowRight: i + 1, ArrowLeft: i - 1, ArrowDown: i + n, ArrowUp: i - n, Home: 0, End: list.length - 1 }[event.key];
    let from = list;
    if (event.key === '[' || event.key === ']') { const t = types[(types.indexOf(list[0].type) + (event.key === ']' ? 1 : types.length - 1)) % types.length]; from = this.entries(t); to = 0; }
    if (event.key === 'Escape') { this.choose(null); this.pick(null); return; }
    if (to === undefined) return;
    event.preventDefault();
    const e = from[Math.max(0, Math.min(from.length - 1, to))];
    this.choose(e); this.pick(e);
  }
}
