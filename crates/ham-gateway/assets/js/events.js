// What the chains tell, live, with gaps shown as gaps; who listens; what the store holds.

import { api } from './api.js';
import { $, VList, fmt, glyph, h, line, put } from './ui.js';
import { ago } from './verdict.js';

let only = 'all', paused = false, held = 0, list = null;
const time = (t) => (typeof t === 'string' ? Date.parse(t) : t);

export function feed() {
  if (!api.apps.length) return [];
  if (!api.key.scopes.includes('feed')) return [h('div', {}, h('h2', {}, 'Events'), h('p', { class: 'dim' }, 'Events need the scope “feed”.')), aside()];
  const box = h('div', { id: 'events', class: 'events' });
  queueMicrotask(() => { list = new VList(box, { height: 28, label: 'Events, newest first', draw: row }); shown(); });
  const tabs = [['all', 'All'], ['event', 'Events'], ['block', 'Blocks'], ['gap', 'Gaps']];
  const tab = ([id, text]) => h('button', { 'data-id': `tab-${id}`, 'data-kind': id, 'aria-pressed': only === id, onclick: () => { only = id; put($('#feed'), feed()); } }, text, h('span', { class: 'n' }, fmt.count(count(id))));
  const pause = h('button', { class: 'btn', id: 'pause', 'data-id': 'pause', 'aria-pressed': paused, onclick: toggle }, label());
  return [h('div', {}, h('div', { class: 'top' }, h('h2', {}, 'Events'), h('div', { class: 'tabs', role: 'group', 'aria-label': 'Show' }, tabs.map(tab)), h('span', { class: 'push' }, pause)), box), aside()];
}
const aside = () => h('div', { class: 'aside', id: 'aside' }, sides());
const label = () => (paused ? `Go on${held ? ` (${fmt.count(held)} newer)` : ''}` : 'Pause');
const count = (id) => api.events.filter((e) => id === 'all' || e.kind === id).length;
const shown = (added = 0) => list?.set(api.events.filter((e) => only === 'all' || e.kind === only).reverse(), added);

export function toggle() { paused = !paused; held = 0; put($('#feed'), feed()); }
// So many came.
export function came(n) {
  if (!list) return;
  for (const tab of document.querySelectorAll('#feed [data-kind]')) put($('.n', tab), fmt.count(count(tab.dataset.kind)));
  if (!paused) { shown(api.events.slice(-n).filter((e) => only === 'all' || e.kind === only).length); return; }
  held += n;
  $('#pause').textContent = label();
}
export const figures = () => { if ($('#aside')) put($('#aside'), sides()); };
const sides = () => [subscribers(), nats(), store()];

const CAUSES = { link_lost: 'the link to the conductor was lost', lagged: 'this page was too slow', bad_frame: 'a message could not be read', restart: 'the gateway was restarted', history_lost: 'older than what is kept' };
function row(e) {
  const at = h('time', {}, fmt.clockMs(e.at));
  if (e.kind === 'gap') {
    const since = e.since ? ` since ${fmt.clock(e.since * 1000)}` : '', fetched = e.backfilled === undefined ? '' : `; ${fmt.plural(e.backfilled, 'block')} fetched afterwards`;
    return h('div', { class: 'gaprow hatch' }, at, glyph('gap', 'gap'), h('p', { class: 'clip' }, h('b', {}, e.open ? 'Gap, still open' : 'Gap'), `: ${CAUSES[e.cause] ?? e.cause}. Events of ${e.chain_name ?? 'all chains'} may be missing${since}${fetched}`));
  }
  const data = e.data ?? {};
  if (e.kind === 'block') return h('div', {}, at, glyph('block', 'block'), h('span', { class: 'clip' }, `Block ${data.height ?? '–'}`), h('span', { class: 'data clip dim' }, `${data.action ?? ''} `, h('code', {}, fmt.hash(String(data.block_hash ?? '')))), h('span', { class: 'id clip', title: e.id }, e.id ?? ''));
  return h('div', {}, at, glyph('signal', 'event'), h('span', { class: 'clip' }, String(data.event_type ?? 'event')), h('code', { class: 'data clip dim' }, line(data.payload ?? data)), h('span', { class: 'id clip', title: e.id }, e.id ?? ''));
}

function subscribers() {
  const count = api.following ?? 0;
  return h('section', {}, h('h2', {}, 'Subscribers'), h('p', { class: 'dim' }, count ? `${fmt.plural(count, 'connection')} ${count === 1 ? 'follows' : 'follow'} the chains, this page among them.` : 'Nobody is listening.'));
}
// Only where it is used.
function nats() {
  const n = api.nats;
  if (!n) return [];
  const since = n.since ? ` for ${ago(n.since)}` : '';
  return h('section', {}, h('h2', {}, 'NATS'), h('p', { class: 'dim' }, n.connected ? `Reached${since}; ${fmt.plural(n.published, 'message')} published.` : `Away${since}. Calls and this page keep working; what waits for it is kept, up to a limit.`),
    n.why ? h('p', { class: 'small faint' }, n.why) : []);
}
function store() {
  const st = api.store;
  if (!st) return h('section', {}, h('h2', {}, 'Store'), h('p', { class: 'dim' }, 'None: calls with a key are refused.'));
  if (st.away) return h('section', {}, h('h2', {}, 'Store'), h('p', { class: 'bad' }, `It cannot be used, so calls with a key are refused: ${st.away}. It recovers by itself once the disk works.`));
  const share = st.bytes / st.bytes_limit;
  const facts = [['Records', `${fmt.count(st.records)} of ${fmt.count(st.records_limit)}, kept ${fmt.span(st.keep_s * 1000)}`], ['Oldest open', st.oldest_open_at ? ago(time(st.oldest_open_at)) : 'none']];
  return h('section', {}, h('h2', {}, 'Store'), h('div', { class: 'bar-line', role: 'img', 'aria-label': `${(share * 100).toFixed(1)} % used` }, h('i', { css: { width: `${share * 100}%` } })), h('p', { class: 'small faint' }, `${fmt.bytes(st.bytes)} of ${fmt.bytes(st.bytes_limit)}`),
    h('dl', { class: 'facts', css: { marginTop: '10px' } }, facts.map(([what, is]) => [h('dt', {}, what), h('dd', {}, is)])));
}
