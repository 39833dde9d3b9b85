// The chains of one DNA as one drawing: a lane per agent, newest at the top, and an overview in which every action is a mark.
import { WROTE, effect } from './effect.js';
import { VList, fmt, glyph, h, hatch, put, s, title } from './ui.js';

const PHONE = innerWidth < 720, ROW = PHONE ? 46 : 28, PITCH = 18, PAD = 14;   // two lines per row on a phone
export const NAMES = { Dna: 'Dna', AgentValidationPkg: 'Agent validation package', InitZomesComplete: 'Init complete', Create: 'Create', Update: 'Update', Delete: 'Delete', CreateLink: 'Create link', DeleteLink: 'Delete link' };

// The colour shows who, the shape shows what.
export function node(kind, x, y, lane, r = 5) {
  const at = (extra) => ({ class: `n lane${lane} ${extra ?? ''}` });
  const cross = s('path', { class: 'cut', d: `M${x - 2.2} ${y - 2.2}l4.4 4.4M${x + 2.2} ${y - 2.2}l-4.4 4.4` });
  const diamond = `M${x} ${y - r - .6}L${x + r + .6} ${y}L${x} ${y + r + .6}L${x - r - .6} ${y}z`;
  switch (kind) {
    case 'Create': return [s('circle', { ...at(), cx: x, cy: y, r })];
    case 'Update': return [s('circle', { ...at(), cx: x, cy: y, r }), s('circle', { class: 'hole', cx: x, cy: y, r: r - 2.6 })];
    case 'Delete': return [s('circle', { ...at(), cx: x, cy: y, r: r + .6 }), cross];
    case 'CreateLink': return [s('path', { ...at('hollow'), d: diamond })];
    case 'DeleteLink': return [s('path', { ...at('hollow'), d: diamond }), s('path', { class: `n lane${lane} hollow`, d: `M${x - 2} ${y - 2}l4 4M${x + 2} ${y - 2}l-4 4` })];
    case 'run': return [s('rect', { ...at(), x: x - r, y: y - 10, width: 2 * r, height: 20, rx: r }), s('path', { class: 'cut', d: `M${x - 2} ${y - 4}h4M${x - 2} ${y}h4M${x - 2} ${y + 4}h4` })];
    case 'refused': return [s('path', { class: 'stub', d: `M${x} ${y}h11` }), s('circle', { class: 'ghost', cx: x + 15, cy: y, r: 4.4 }), s('path', { class: 'ghost', d: `M${x + 13} ${y - 2}l4 4M${x + 17} ${y - 2}l-4 4` })];
    case 'unknown': return [s('path', { class: 'stub unsure', d: `M${x} ${y}h10` }), s('circle', { class: 'ghost unsure', cx: x + 15, cy: y, r: 5 }), s('path', { class: 'ghost unsure solid', d: `M${x + 13.6} ${y - 1.2}a1.4 1.4 0 1 1 2 1.3q-.6.3-.6.9` })];
    default: return [s('rect', { ...at(), x: x - 4, y: y - 4, width: 8, height: 8, rx: 1 })];
  }
}

export function describe(a) {
  if (a.kind === 'Create' || a.kind === 'Update') {
    return title(a.entry?.content) || (a.entry && a.type !== 'Agent' ? fmt.hash(a.entry.hash) : '');
  }
  if (a.kind === 'CreateLink') return `${short(a.base)} → ${short(a.target)}${typeof a.tag === 'string' && a.tag ? `, “${a.tag}”` : ''}`;
  if (a.of) return a.of.entry ? `“${describe(a.of)}”, written as ${a.of.seq}` : `${a.type}, written as ${a.of.seq}`;
  return '';
}
const short = (e) => { const text = title(e.content); return e.type === 'Agent' || e.type === 'Path' ? text : text ? `“${text.slice(0, 34)}”` : fmt.hash(e.hash); };

export class Chains {
  constructor(root, { api, pick, pickCall }) {
    Object.assign(this, { root, api, pick, pickCall, by: 'calls', fold: true, opened: new Set(), shown: new Set(api.agents), type: '' });
    this.over = s('svg', { class: 'over', role: 'img' });
    this.list = h('div', { id: 'chain', class: 'chain' });
    this.link = s('svg', { class: 'refs', 'aria-hidden': 'true' });
    put(root, this.over, this.list);
    this.rows = new VList(this.list, {
      height: ROW, label: 'Source chains, newest first', draw: (row, i) => this.draw(row, i),
      select: (row) => { if (row.run || row.pause || row.unseen) return; row.action ? this.pick(row.action) : row.call ? this.pickCall(row.call) : this.pick(row.actions[0]); },
      open: (row, key) => { const id = row.id; if (!row.run && !row.of) return; if (key === 'ArrowLeft') this.opened.delete(row.of ?? id); else if (row.run) this.opened.has(id) ? this.opened.delete(id) : this.opened.add(id); this.update(); },
      top: () => this.window(),
    });
    this.rows.space.before(this.link);
    this.drag();
    new ResizeObserver(() => { this.overview(); this.window(); }).observe(this.over);
    this.update();
  }
  // After everything was read again: the agents are others.
  reset() { this.shown = new Set(this.api.agents); this.update(); }
  get items() { return this.api.actions.filter((a) => this.shown.has(a.by) && (!this.type || a.type === this.type || a.kind === this.type)); }

  // Rows from actions: one per call or one per action; runs of equal ones folded; pauses written in between.
  update(added = 0) {
    const list = this.items;
    this.place = null;
    const units = [];
    if (this.by === 'calls') {
      const ready = new Map(this.api.actions.filter((a) => a.kind === 'InitZomesComplete').map((a) => [a.by, a.seq]));
      for (const a of list) {
        const last = units.at(-1), from = a.call ?? begun(a, ready);
        if (from && last?.by === a.by && last.from === from) last.actions.push(a);
        else units.push({ id: `u${a.n}`, by: a.by, at: a.at, call: a.call, from, actions: [a], same: `${a.by.key}${a.call?.fn ?? from ?? `${a.kind}${a.type}`}` });
      }
    } else for (const a of list) units.push({ id: `a${a.n}`, by: a.by, at: a.at, call: a.call, action: a, actions: [a], same: a.call ? `${a.by.key}${a.call.fn}` : `${a.by.key}${a.kind}${a.type}` });
    for (const c of this.api.calls) if (c.failure && !c.parent && this.shown.has(c.by) && !this.type) units.push({ id: c.id, by: c.by, at: c.at, call: c, failed: true, actions: [], same: c.id });
    units.sort((a, b) => a.at - b.at || (a.actions[0]?.n ?? 0) - (b.actions[0]?.n ?? 0));
    const rows = [];
    for (let i = 0; i < units.length;) {
      let j = i + 1;
      while (j < units.length && units[j].same === units[i].same) j += 1;
      const times = new Set(units.slice(i, j).map((u) => u.call ?? u)).size;
      if (this.fold && times >= 4) {
        const run = { id: `r${units[i].id}`, times, run: units.slice(i, j), by: units[i].by, at: units[j - 1].at, call: null, actions: units.slice(i, j).flatMap((u) => u.actions) };
        if (this.opened.has(run.id)) for (let k = i; k < j; k += 1) rows.push({ ...units[k], of: run.id });
        rows.push(run);
      } else for (let k = i; k < j; k += 1) rows.push(units[k]);
      if (j < units.length && units[j].at - units[j - 1].at > 90e3) rows.push({ id: `p${j}`, pause: units[j].at - units[j - 1].at, at: units[j].at });
      i = j;
    }
    const c = this.api.conductor;
    if (c.state === 'lost') rows.push({ id: 'unseen', unseen: c.since, at: c.since });
    rows.reverse();
    // Which lanes pass through a row: from an agent's newest row down to its first.
    const first = new Map(), last = new Map();
    rows.forEach((row, i) => { if (row.by && !row.failed) { if (!first.has(row.by)) first.set(row.by, i); last.set(row.by, i); } });
    this.reach = [first, last];
    this.lanes = this.api.agents.filter((a) => this.shown.has(a));
    this.graph = PAD + this.lanes.length * PITCH + 14;
    this.list.style.setProperty('--graph', `${this.graph}px`);
    this.list.style.setProperty('--seq', `${7.2 * (2 * String(Math.max(0, ...this.lanes.map((a) => a.head))).length + 1) + 12}px`);
    this.rows.set(rows, added ? Math.max(0, rows.length - this.rows.rows.length) : 0);
    this.overview();
    this.window();
  }
  draw(row, i) {
    const y = ROW / 2, x = (a) => PAD + this.lanes.indexOf(a) * PITCH;
    const [first, last] = this.reach;
    const svg = s('svg', { class: 'graph', width: this.graph, height: ROW, 'aria-hidden': 'true' });
    for (const a of this.lanes) {
      if (i < (first.get(a) ?? Infinity) || i > (last.get(a) ?? -1)) continue;
      svg.append(s('path', { class: `rail-line lane${a.index} ${row.pause ? 'thin' : ''}`, d: `M${x(a)} ${i === first.get(a) ? y : 0}V${i === last.get(a) ? y : ROW}` }));
    }
    if (row.unseen) return h('div', { class: 'pause hatch' }, h('span', {}), h('span', { class: 'small' }, `Unknown since ${fmt.clock(row.unseen)}`));
    if (row.pause) return h('div', { class: 'pause' }, svg, h('span', { class: 'faint small' }, `${fmt.span(row.pause)} without a write`));
    const c = row.call;
    const kind = row.run ? 'run' : row.failed ? (WROTE[effect(c)].glyph) : this.by === 'calls' ? main(row.actions).kind : row.action.kind;
    svg.append(...node(kind, x(row.by), y, row.by.index));
    const end = [h('span', { class: 'by clip dim' }, row.by.name), h('time', { class: 'faint' }, fmt.clock(row.at))];
    if (row.run) {
      const a = row.actions[0], z = row.actions.at(-1), name = row.run[0].call ? h('code', {}, row.run[0].call.fn) : what(row.run[0].actions[0]);
      const open = this.opened.has(row.id);
      const button = h('button', { class: 'fold', 'aria-expanded': open, tabindex: -1, onclick: (event) => { event.stopPropagation(); open ? this.opened.delete(row.id) : this.opened.add(row.id); this.update(); } }, open ? 'Fold' : 'Unfold');
      return h('div', {}, svg, h('span', { class: 'seq faint' }, `${a.seq}–${z.seq}`), h('span', { class: 'what clip' }, h('b', { class: 'times' }, `${row.times} ×`), name), h('span', { class: 'say clip dim' }, `in ${fmt.span(Math.max(1, z.at - a.at))}`, button), h('span', { class: 'kinds' }, fmt.plural(row.actions.length, 'action')), end);
    }
    if (row.failed) {
      return h('div', { class: 'failed' }, svg, h('span', { class: 'seq faint' }, '–'), h('span', { class: 'what clip' }, h('code', {}, c.fn)), h('span', { class: `say clip ${c.outcome === 'unknown' ? 'unsure' : 'bad'}` }, c.outcome === 'unknown' ? 'unknown: it may have been written' : c.failure.error), h('span', { class: 'kinds' }, c.outcome === 'unknown' ? 'being settled' : WROTE[effect(c)].row), end);
    }
    if (this.by === 'actions') {
      const a = row.action;
      return h('div', { class: row.of ? 'inner' : '' }, svg, h('span', { class: 'seq faint' }, a.seq), h('span', { class: 'what clip' }, what(a)), h('span', { class: 'say clip' }, describe(a)), h('span', { class: 'kinds' }, a.type && a.kind.endsWith('Link') ? a.type : ''), end);
    }
    const a = main(row.actions), z = row.actions.at(-1), f = row.actions[0];
    if (!row.from) return h('div', { class: row.of ? 'inner' : '' }, svg, h('span', { class: 'seq faint' }, a.seq), h('span', { class: 'what clip' }, what(a)), h('span', { class: 'say clip' }, describe(a)), h('span', { class: 'kinds clip faint', title: UNSEEN }, 'call unknown'), end);
    return h('div', { class: row.of ? 'inner' : '' }, svg, h('span', { class: 'seq faint' }, f.seq === z.seq ? f.seq : `${f.seq}–${z.seq}`),
      h('span', { class: 'what clip' }, c ? h('code', {}, c.fn) : row.from),
      h('span', { class: 'say clip' }, c || a.entry?.type !== 'Agent' ? describe(a) : ''), h('span', { class: 'kinds clip' }, tally(row.actions)), end);
  }
  // The overview: every action of every agent in the order in which it was written; the frame is what the list shows.
  overview() {
    const width = this.over.clientWidth, list = this.items, lanes = this.lanes ?? [];
    if (!width || !list.length) { put(this.over); return; }
    const narrow = width < 520;
    this.left = narrow ? 52 : 76;
    const right = 12, H = lanes.length * 20 + 26, room = width - this.left - right - (this.api.conductor.state === 'lost' ? 30 : 0);
    this.pitch = Math.min(7, room / list.length);
    const bin = Math.max(1, Math.ceil(2.5 / this.pitch));            // actions per mark, once marks would touch
    this.over.setAttribute('viewBox', `0 0 ${width} ${H}`);
    this.over.setAttribute('height', H);
    this.over.setAttribute('aria-label', `${fmt.plural(list.length, 'action')} of ${fmt.plural(lanes.length, 'agent')}, oldest left`);
    const parts = [];
    lanes.forEach((a, l) => {
      const y = 8 + l * 20 + 10;
      parts.push(s('text', { x: 14, y: y + 4, class: 'who' }, a.name));
      parts.push(s('path', { class: 'base', d: `M${this.left} ${y}H${this.left + list.length * this.pitch}` }));
      let entry = '', linkd = '';
      for (let i = 0; i < list.length; i += bin) {
        let e = 0, k = 0;
        for (let j = i; j < Math.min(list.length, i + bin); j += 1) if (list[j].by === a) (list[j].kind.endsWith('Link') ? (k += 1) : (e += 1));
        const x = (this.left + (i + bin / 2) * this.pitch).toFixed(1);
        if (e) entry += `M${x} ${y}v-${(3 + 5 * e / bin).toFixed(1)}`;
        if (k) linkd += `M${x} ${y}v${(2 + 4 * k / bin).toFixed(1)}`;
      }
      const w = Math.max(1.2, Math.min(3, this.pitch * bin - 1.2));
      parts.push(s('path', { class: `mark lane${a.index}`, 'stroke-width': w, d: entry }), s('path', { class: `mark lane${a.index} soft`, 'stroke-width': w, d: linkd }));
      let crossed = -9;                                              // crosses that would touch become one
      for (const c of this.api.calls.filter((x) => x.failure && x.by === a)) {
        let i = list.findIndex((b) => b.at > c.at); if (i < 0) i = list.length;
        const x = this.left + i * this.pitch;
        if (x - crossed < 7 && c.outcome !== 'unknown') continue;
        crossed = x;
        parts.push(s('path', { class: `fail ${c.outcome === 'unknown' ? 'unsure' : ''}`, d: `M${x - 2.5} ${y - 8.5}l5 5M${x + 2.5} ${y - 8.5}l-5 5` }));
      }
    });
    let lastX = -100;
    list.forEach((a, i) => {
      const x = this.left + i * this.pitch, minute = Math.floor(a.at / 300e3);
      if (i && minute !== Math.floor(list[i - 1].at / 300e3) && x - lastX > 60 && x < width - 48) { parts.push(s('text', { x, y: H - 5, class: 'when' }, fmt.clock(minute * 300e3).slice(0, 5)), s('path', { class: 'tick', d: `M${x} 6V${H - 18}` })); lastX = x; }
    });
    const c = this.api.conductor;
    if (c.state === 'lost') { const x = Math.min(width - right - 26, this.left + list.length * this.pitch + 4); parts.push(s('rect', { class: 'unseen', x, y: 5, width: width - 6 - x, height: H - 24, fill: 'url(#hatch)' })); }
    parts.unshift(hatch());
    this.frame = s('rect', { class: 'frame', y: 3, height: H - 20, rx: 3 });
    put(this.over, ...parts, this.frame);
  }
  window() {
    if (!this.frame || !this.rows?.range) return;
    const list = this.items, [top, bottom] = this.rows.range;
    const seen = this.rows.rows.slice(top, bottom).flatMap((r) => r.actions ?? []);
    if (!seen.length) { this.frame.setAttribute('width', 0); return; }
    const place = (this.place ??= new Map(list.map((a, i) => [a, i])));
    let low = Infinity, high = -1;
    for (const a of seen) { const i = place.get(a); if (i < low) low = i; if (i > high) high = i; }
    this.frame.setAttribute('x', this.left + low * this.pitch - 2);
    this.frame.setAttribute('width', (high - low + 1) * this.pitch + 4);
    this.refs();
  }
  // What the selected row refers to, as arcs to those rows.
  refs() {
    const rows = this.rows.rows, at = this.rows.at, row = rows[at];
    put(this.link);
    if (!row?.actions || row.run) return;
    const targets = row.actions.flatMap((a) => [a.of, a.base?.action, a.target?.action, a.of?.entry?.action]).filter((t) => t && !row.actions.includes(t));
    const x = (a) => PAD + this.lanes.indexOf(a) * PITCH;
    for (const t of new Set(targets)) {
      const j = rows.findIndex((r) => r.actions?.includes(t));
      if (j < 0 || !this.shown.has(t.by)) continue;
      const y0 = at * ROW + ROW / 2, y1 = j * ROW + ROW / 2, bulge = this.graph - 6;
      this.link.append(s('path', { d: `M${x(row.by) + 7} ${y0}C${bulge} ${y0} ${bulge} ${y1} ${x(t.by) + 8} ${y1}` }), s('circle', { cx: x(t.by), cy: y1, r: 8 }));
    }
    this.link.setAttribute('width', this.graph + 8);
    this.link.setAttribute('height', rows.length * ROW);
  }
  // A press goes there, and so does a drag with the finger or the mouse, once per frame.
  drag() {
    let at = null, drawing = false;
    const go = (event) => {
      at = event.clientX;
      if (drawing) return;
      drawing = true;
      requestAnimationFrame(() => { drawing = false; if (this.pitch) this.jump((at - this.over.getBoundingClientRect().left - this.left) / this.pitch); });
    };
    this.over.addEventListener('pointerdown', (event) => { if (event.button) return; this.over.setPointerCapture(event.pointerId); go(event); });
    this.over.addEventListener('pointermove', (event) => { if (this.over.hasPointerCapture(event.pointerId)) go(event); });
  }
  jump(index) {
    const a = this.items[Math.max(0, Math.min(this.items.length - 1, Math.floor(index)))];
    this.show(a);
  }
  show(action) {
    const i = this.rows.rows.findIndex((r) => r.actions?.includes(action));
    if (i < 0) return;
    this.list.scrollTop = i * ROW - this.list.clientHeight / 2;
    this.rows.at = i;
    this.rows.paint();
  }
}
// The beginning of a chain, recognised by its numbers: the three actions of its genesis, then those of `init`, which
// ends with one of its own. Which calls wrote the rest is known only if they were seen.
const begun = (a, ready) => (a.seq < 3 ? 'Genesis' : a.seq <= (ready.get(a.by) ?? -1) ? 'Init' : null);
const UNSEEN = 'Only the chain shows it: it was written before this start, or not by a call';
const main = (actions) => actions.find((a) => !a.kind.endsWith('Link')) ?? actions[0];
const what = (a) => [a.hidden ? [glyph('lock', 'private'), ' '] : '', NAMES[a.kind], a.type && !a.kind.endsWith('Link') ? [' ', h('span', { class: 'type' }, a.type === 'Agent' ? 'agent key' : a.type === 'CapGrant' ? 'capability grant' : a.type)] : ''];
function tally(actions) {
  const genesis = actions.every((a) => !a.call);
  if (genesis) return actions.map((a) => (a.type === 'Agent' ? 'agent key' : a.type === 'CapGrant' ? 'capability grant' : NAMES[a.kind])).join(', ');
  const links_ = actions.filter((a) => a.kind.endsWith('Link')).length, rest = actions.filter((a) => !a.kind.endsWith('Link'));
  const words = rest.map((a) => `${a.kind === 'Create' ? '' : `${NAMES[a.kind]?.toLowerCase() ?? a.kind} `}${a.type?.replace(/ \(.*\)$/, '') ?? ''}`);
  if (links_) words.push(rest.length ? `${links_} ${links_ > 1 ? 'links' : 'link'}` : `link ${actions[0].type}`);
  return words.join(', ');
}
export { tally, short };
