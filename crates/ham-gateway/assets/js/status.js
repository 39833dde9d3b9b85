// The gateway's page: what can be called, and if not all of it, what to do.

import { api, enter, now, start } from './api.js';
import { apps, drawn, history, time } from './apps.js';
import { doubtful, open } from './calls.js';
import { came, feed, figures, toggle } from './events.js';
import { $, fmt, h, keyboard, put, redraw, state } from './ui.js';
import { ago, verdict } from './verdict.js';

const again = (id, make) => redraw($(`#${id}`), () => put($(`#${id}`), make()));

function head() {
  const g = api.gateway;
  put($('#about'), g ? [h('span', {}, g.version), h('span', {}, `up ${ago(g.started_at)}`), h('span', {}, h('code', {}, location.host))] : []);
  put($('#fresh'), api.lost ? state('down', `No contact for ${ago(api.lost.since)}`) : api.key ? state('debug', 'Up to date') : null);
  const banner = $('#banner');
  banner.hidden = !api.lost;
  document.body.classList.toggle('aged', Boolean(api.lost));
  if (api.lost) put(banner, h('b', {}, 'This page has lost contact with the gateway.'), h('span', { class: 'why' }, `What you see is from ${fmt.clock(api.lost.since)}. Next try in ${fmt.span(Math.max(0, api.lost.next - now()))}.`), h('button', { class: 'btn', onclick: () => api.retry() }, 'Try now'));
}

function key() {
  const field = h('input', { id: 'key', class: 'field mono', type: 'password', autocomplete: 'off', placeholder: 'ham_…', 'aria-describedby': 'key-note' });
  const form = h('form', { onsubmit: (event) => { event.preventDefault(); enter(field.value); } }, h('label', { for: 'key' }, 'Key'), field, h('button', { class: 'btn primary' }, 'Open'));
  const note = api.refused ? h('p', { class: 'bad', id: 'key-note', role: 'alert' }, `This key is unknown, was revoked, or lacks the scope “status”: ${api.refused}`) : h('p', { class: 'dim', id: 'key-note' }, 'This page shows calls and events, so it asks for a key with the scope “status”. The key stays in this tab’s memory and goes nowhere else.');
  put($('#verdict'), h('div', { class: 'ask' }, h('h1', {}, 'A key, please'), note, form, h('p', { class: 'small faint' }, 'Make one with ', h('code', {}, 'ham gateway key new --name NAME'), '.')));
  field.focus();
}

function all() {
  head();
  for (const id of ['verdict', 'apps', 'time', 'doubtful', 'open', 'feed']) put($(`#${id}`));
  if (api.key === null) { key(); return; }
  for (const [id, make] of [['verdict', verdict], ['apps', () => apps(all)], ['time', time], ['doubtful', doubtful], ['open', open], ['feed', feed]]) put($(`#${id}`), make());
}

// What came is drawn once a frame, and not while nobody looks.
let waiting = null;
function told(change) {
  const fresh = !waiting;
  waiting = { ...waiting, ...change, events: (waiting?.events ?? 0) + (change.events ?? 0) };
  if (fresh) requestAnimationFrame(() => { const change = waiting; waiting = null; draw(change); });
}
let had = 0;
function draw(change) {
  // Another set of apps is another page.
  if (change.all || (change.status && had !== api.apps.length)) { had = api.apps.length; all(); return; }
  if (change.events) came(change.events);
  if (change.status || change.contact) {
    head();
    for (const [id, make] of [['verdict', verdict], ['apps', () => apps(all)]]) again(id, make);
    drawn();
    if ($('#history')) put($('#history'), history());
    figures();
  }
  if (change.status || change.calls) for (const [id, make] of [['doubtful', doubtful], ['open', open]]) again(id, make);
}

const slow = setTimeout(() => { if (api.key === undefined) put($('#verdict'), h('p', { class: 'faint' }, 'Asking the gateway…')); }, 300);
start((change) => { clearTimeout(slow); told(change); });
const help = keyboard([
  ['v', 'What to do', () => $('#verdict').scrollIntoView()], ['t', 'Last 15 minutes', () => $('.lanes')?.focus()], ['o', 'Open calls', () => { $('#open').scrollIntoView(); $('#open button')?.focus(); }],
  ['e', 'Events', () => $('#events')?.focus()], ['p', 'Pause and go on', () => { if ($('#pause')) toggle(); }], ['← →', 'On the time axis: one second; Page keys: half a minute'], ['↑ ↓', 'Next row; also j and k'],
]);
$('#help').addEventListener('click', help);
