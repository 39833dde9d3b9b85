// The activity: calls, signals, logs, reloads and gaps in one list, newest first.
import { $, OUTCOME, VList, fmt, glyph, h, line, put } from './ui.js';
import { api } from './api.js';

const MOST = 10000;
const FILTERS = [['all', 'All'], ['fail', 'Failures'], ['call', 'Calls'], ['signal', 'Signals'], ['log', 'Logs']];
const fits = (i, f) => f === 'all' || i.kind === f || i.kind === 'gap' || (f === 'fail' && (i.c?.failure || ['warn', 'error'].includes(i.x?.level)));
let only = 'all', log;

function items() {
  const all = [];
  for (const c of api.calls) all.push({ kind: 'call', at: c.at, c });
  for (const [kind, list] of [['signal', api.signals], ['log', api.logs], ['reload', api.reloads], ['gap', api.gaps]]) for (const x of list) all.push({ kind, at: x.at, x });
  return all.sort((a, b) => b.at - a.at).slice(0, MOST);
}
export function start(choose) {
  put($('#log'), h('div', { class: 'bar' }, h('div', { class: 'tabs', id: 'log-tabs', role: 'group', 'aria-label': 'Show' }, FILTERS.map(([id, name]) => h('button', { 'data-id': id, 'aria-pressed': only === id, onclick: () => { only = id; activity(); } }, name, h('span', { class: 'n' }))))), h('div', { id: 'activity', class: 'list' }));
  log = new VList($('#activity'), { height: innerWidth < 720 ? 46 : 26, label: 'Activity, newest first', draw, select: (i) => { const call = i.c ?? i.x?.from; if (call) choose(call); } });
}
export function activity(fresh) {
  const all = items();
  for (const button of $('#log-tabs').children) {
    button.setAttribute('aria-pressed', button.dataset.id === only);
    put(button.lastChild, fmt.count(all.filter((i) => i.kind !== 'gap' && fits(i, button.dataset.id)).length));
  }
  const rows = all.filter((i) => fits(i, only));
  log.set(rows, fresh ? Math.max(0, rows.length - log.rows.length) : 0);
  $('#log').classList.toggle('nothing', !rows.length);
}
function draw(i) {
  const t = h('time', {}, fmt.clockMs(i.at)), x = i.x;
  switch (i.kind) {
    case 'gap': return h('div', { class: 'gaprow hatch' }, t, glyph('gap', 'gap'), h('span', { class: 'clip' }, `Gap: ${x.text}`));
    case 'reload': return h('div', {}, t, glyph('reload', 'reload'), h('span', { class: 'who' }, ''), h('span', { class: 'src clip' }, 'Reloaded ', h('code', {}, x.zomes.join(', '))), h('span', { class: 'say clip dim' }, 'coordinators only; chains and data stay'), h('span', { class: 'end' }, ''));
    case 'call': { const c = i.c; return h('div', {}, t, glyph(c.outcome, OUTCOME[c.outcome] ?? 'Running', c.outcome === 'answered'), h('span', { class: 'who clip dim' }, c.by.name), h('code', { class: 'clip' }, c.fn), h('span', { class: `say clip ${c.outcome === 'error' ? 'bad' : c.outcome === 'unknown' ? 'unsure' : 'dim'}` }, c.failure ? c.failure.error : c.payload === null ? '' : line(c.payload)), h('span', { class: 'end' }, c.outcome === 'unknown' ? '?' : c.outcome === 'open' ? '…' : fmt.ms(c.ms))); }
    case 'signal': return h('div', {}, t, glyph('signal', 'signal'), h('span', { class: 'who clip dim' }, x.by.name), h('code', { class: 'clip dim' }, x.zome), h('span', { class: 'say clip dim' }, line(x.payload)), h('span', { class: 'end' }, ''));
    default: return h('div', {}, t, glyph(x.level, x.level), h('span', { class: 'who clip dim' }, x.by.name), h('span', { class: 'src clip faint small' }, x.where.split('/').slice(-1)[0]), h('span', { class: 'say clip' }, x.text), h('span', { class: 'end' }, x.level));
  }
}
