import { $, OUTCOME, announce, fmt, glyph, h, keyboard, put, redraw, roving, s, state } from './ui.js';
import { Chains, NAMES } from './chain.js';
import { Dht } from './dht.js';
import { api, now } from './api.js';
import { activity, start as startActivity } from './activity.js';
import { acting, back, choose, connect, open, refresh, side, view } from './side.js';

const parts = location.hash.slice(1).split('/').map((part) => { try { return decodeURIComponent(part); } catch { return part; } });
let shown = parts[2] === 'dht' ? 'dht' : 'chains', chains, dht, tick;

// head
function head() {
  const c = api.conductor, lost = c.state === 'lost';
  redraw($('#app'), () => {
    put($('#app'), api.app && (api.apps.length > 1
      ? h('select', { 'data-id': 'app', 'aria-label': 'App', class: 'apps', onchange: (e) => api.choose(e.target.value, null) }, api.apps.map((a) => h('option', { selected: a.id === api.app.id }, a.id)))
      : h('b', {}, api.app.id)),
    api.app && h('div', { class: 'tabs', role: 'tablist', 'aria-label': 'Role' }, api.app.roles.map((r) => h('button', { role: 'tab', 'data-id': `role-${r.role}`, 'aria-selected': r.role === api.role, onclick: () => api.choose(api.app.id, r.role) }, r.role))));
    const tabs = $('#app .tabs');
    if (tabs) roving(tabs, 'button');
  });
  const reload = api.reloads.at(-1);
  put($('#conductor'),
    api.watch ? building(api.watch, reload) : reload && h('span', { class: 'clip' }, `Reloaded ${fmt.clock(reload.at)}`),
    c.admin_port && h('span', { class: 'clip' }, 'admin ', h('code', {}, c.admin_port), c.app_port ? [' · app ', h('code', {}, c.app_port)] : null),
    c.state === 'running' ? state('live', 'Running') : lost ? state('unknown', 'No contact') : state('trying', 'Asking'));
  clearInterval(tick);
  const banner = $('#banner'), told = lost ? away(c) : api.back ? returned(api.back) : api.watch?.state === 'not_run' ? unused(api.watch) : api.faults ? faulty(api.faults) : null;
  banner.hidden = !told;
  banner.classList.toggle('hatch', lost);
  banner.classList.toggle('quiet', !lost);
  put(banner, told);
}

function away(c) {
  const next = h('span', {});
  const count = () => { const rest = Math.ceil((c.next - now()) / 1000); put(next, rest > 0 ? `Next try in ${rest} s.` : 'Trying…'); };
  count();
  tick = setInterval(count, 1000);
  return [h('b', {}, 'This page has lost contact with ham dev.'), h('span', { class: 'why' }, `What you see is from ${fmt.clock(c.since)}. If you stopped it, start it again in the same folder with --page-port ${location.port}: this page then continues by itself. `, next), h('button', { class: 'btn', onclick: api.retry }, 'Try now')];
}
function returned({ since, at }) {
  const done = () => { api.back = null; head(); };
  return [h('b', {}, 'ham dev is back.'), h('span', { class: 'why' }, `It was away for ${fmt.span(Math.max(1000, at - since))}, until ${fmt.clock(at)}. Everything was read again; earlier signals and logs may be missing.`), h('button', { class: 'btn', id: 'seen', onclick: done }, 'Good')];
}
function unused(watch) {
  return [h('b', {}, 'The new build is not running.'), h('span', { class: 'why' }, `It was built at ${fmt.clock(watch.at)}, but ${watch.error}. ${watch.advice[0].toUpperCase()}${watch.advice.slice(1)}.`)];
}
function faulty(faults) {
  const host = Object.entries(faults.host), code = (text) => h('code', {}, text), parts = [];
  if (faults.delay_ms) parts.push(['Answers come ', fmt.span(faults.delay_ms), ' late (', code('ham dev fault delay off'), ' ends it). ']);
  if (faults.signals === 'dropped') parts.push(['Signals are thrown away (', code('ham dev fault signals sent'), '). ']);
  for (const [name, times] of host) parts.push([code(name), ` fails in its next ${times === 1 ? 'call' : `${fmt.count(times)} calls`} (`, code(`ham dev fault host ${name} --times 0`), '). ']);
  return [h('b', {}, 'Faults are on.'), h('span', { class: 'why' }, parts)];
}

function building(watch, reload) {
  if (watch.state === 'failed') return h('span', { class: 'clip bad', title: watch.error }, `Build failed ${fmt.clock(watch.at)}, the old code runs: ${watch.error}`);
  if (watch.state === 'not_run') return h('span', { class: 'clip bad', title: watch.error }, `Built ${fmt.clock(watch.at)}, not run`);
  if (watch.state === 'building') return h('span', { class: 'clip' }, 'Building…');
  return h('span', { class: 'clip' }, 'Watching ', h('code', {}, watch.dir), reload ? `, reloaded ${fmt.clock(reload.at)}` : null);
}

// rail
const rail = () => redraw($('#rail'), () => { drawRail(); roving($('#rail .agents'), 'button'); roving($('#rail .fns'), 'button'); });
function drawRail() {
  const uses = new Map();
  for (const c of api.calls) { const id = `${c.zome}/${c.fn}`; (uses.get(id) ?? uses.set(id, []).get(id)).push(c); }
  const filter = ($('#filter')?.value ?? '').toLowerCase();
  const list = h('div', { class: 'fns', role: 'group', 'aria-label': 'Functions' }, api.zomes.map((z) => {
    const fits = z.functions.filter((f) => f.toLowerCase().includes(filter));
    return fits.length ? [h('h3', {}, z.name), fits.map((f) => {
      const calls = uses.get(`${z.name}/${f}`) ?? [], last = calls.at(-1);
      return h('button', { 'data-id': `${z.name}/${f}`, 'aria-current': view.fn?.name === f && view.fn?.zome === z.name, onclick: () => { view.fn = { zome: z.name, name: f }; view.chosen = null; view.past.length = 0; show('side'); rail(); side(); } },
        h('span', { class: 'clip' }, f), last ? h('span', { class: 'n' }, last.outcome === 'answered' || last.outcome === 'open' ? '' : [glyph(last.outcome, OUTCOME[last.outcome]), ' '], fmt.count(calls.length)) : null);
    })] : null;
  }));
  if ($('#rail .fns')) { $('#rail .fns').replaceWith(list); put($('#rail .agents'), agents()); return; }
  put($('#rail'),
    h('h2', {}, 'Agents', h('span', {}, 'calls as')), h('div', { class: 'agents', role: 'radiogroup', 'aria-label': 'Calls as' }, agents()),
    h('h2', {}, 'Functions'), h('div', { class: 'find' }, h('input', { id: 'filter', class: 'field', type: 'search', placeholder: 'Filter', 'aria-label': 'Filter functions', oninput: rail })), list);
}
const agents = () => api.agents.map((a) => h('button', { role: 'radio', 'data-id': a.key, 'aria-checked': a === acting(), class: `lane${a.index}`, onclick: () => { view.agent = a.key; rail(); side(); } },
  s('svg', { width: 12, height: 26, 'aria-hidden': 'true' }, s('path', { d: 'M6 0V26' }), s('circle', { cx: 6, cy: 13, r: 4.5 })),
  h('span', { class: 'name' }, a.name), h('span', { class: 'faint small' }, a.cell.status === 'running' ? fmt.plural(a.head + 1, 'action') : 'not running'), h('code', { class: 'key' }, fmt.hash(a.key))));

// views
function go(name) {
  shown = name;
  $('#chains').hidden = name !== 'chains'; $('#dht').hidden = name !== 'dht';
  for (const tab of ['chains', 'dht']) { $(`#tab-${tab}`).setAttribute('aria-selected', name === tab); $(`#tab-${tab}`).tabIndex = name === tab ? 0 : -1; }
  show(name);
  tools();
  place();
  if (name === 'dht') dht.draw(); else chains.overview();
}
function show(name) {
  if (innerWidth < 720 && (name === 'chains' || name === 'dht') && $(`#${name}`).hidden) { go(name); return; }
  document.body.dataset.view = name;
  for (const b of document.querySelectorAll('.bottom button')) b.setAttribute('aria-current', b.dataset.to === name);
}
const place = () => history.replaceState(null, '', api.app ? `#${[api.app.id, api.role, shown].map(encodeURIComponent).join('/')}` : '#');
function tools() {
  const kinds = ['CreateLink', 'Update', 'Delete'], types = api.types.entries.filter((t) => t !== 'Path' && t !== 'Agent');
  redraw($('#tools'), () => put($('#tools'), shown === 'chains' ? [
    h('div', { class: 'seg', role: 'radiogroup', 'aria-label': 'One row for each' }, [['calls', 'By call'], ['actions', 'By action']].map(([id, text]) => h('button', { role: 'radio', 'data-id': id, 'aria-checked': chains.by === id, onclick: () => { chains.by = id; chains.update(); tools(); } }, text))),
    h('label', {}, h('input', { type: 'checkbox', 'data-id': 'fold', checked: chains.fold, onchange: (e) => { chains.fold = e.target.checked; chains.update(); } }), 'Fold runs'),
    h('select', { 'aria-label': 'Show', 'data-id': 'type', onchange: (e) => { chains.type = e.target.value; chains.update(); } }, h('option', { value: '' }, 'Everything'), types.map((t) => h('option', { selected: chains.type === t }, t)), kinds.map((t) => h('option', { value: t, selected: chains.type === t }, NAMES[t]))),
  ] : [h('span', {}, fmt.plural(api.entries.filter((e) => !e.hidden && !e.deleted).length, 'entry', 'entries'), ', ', fmt.plural(api.links.filter((l) => !l.deleted).length, 'link'))]));
  const seg = $('#tools .seg');
  if (seg) roving(seg, 'button');
}

// What the stream delivered, once per frame.
function told(change = {}) {
  if (change.all) { everything(); return; }
  if (change.contact) { head(); chains.update(); redraw($('#side'), side); return; }
  if (change.head) head();
  chains.update(1);
  activity(true);
  rail();
  redraw($('#side'), refresh);
  if (shown === 'dht') { dht.draw(); tools(); }
}
function everything() {
  head();
  const none = !api.app && !api.failed && api.conductor.state !== 'starting';
  document.body.classList.toggle('none-yet', none);
  $('#empty').hidden = !none;
  put($('#notice'), api.failed ? [h('p', {}, `Could not be read: ${api.failed}.`), h('button', { class: 'btn', onclick: () => location.reload() }, 'Try again')] : []);
  if (none) return;
  if (!api.agents.some((a) => a.key === view.agent)) view.agent = null;
  if (view.chosen) view.chosen = (view.chosen.seq === undefined ? null : api.actions.find((a) => a.hash === view.chosen.hash)) ?? null;
  if (view.fn && !api.zomes.some((z) => z.name === view.fn.zome && z.functions.includes(view.fn.name))) view.fn = null;
  view.past.length = 0;
  dht.chosen = null;
  rail();
  redraw($('#side'), side);
  chains.reset();
  activity();
  go(shown);
}

chains = new Chains($('#chains'), { api, pick: (a) => { choose(a); reveal(); }, pickCall: (c) => { choose(c); reveal(); } });
dht = new Dht($('#dht'), { api, pick: (e) => { if (e) choose(e); else { view.chosen = null; view.past.length = 0; side(); } } });
const reveal = () => { if (innerWidth < 720) show('side'); };
$('#dht').append(h('div', { class: 'legend' }, [['entry', s('circle', { class: 'dot', cx: 7, cy: 7, r: 4 })], ['updated', [s('circle', { class: 'dot', cx: 7, cy: 7, r: 3.4 }), s('circle', { class: 'ring', cx: 7, cy: 7, r: 6 })]], ['deleted', s('circle', { class: 'dot gone', cx: 7, cy: 7, r: 4 })]].map(([word, shape]) => h('span', {}, s('svg', { viewBox: '0 0 14 14', 'aria-hidden': 'true' }, shape), word)), h('span', {}, 'colour: who wrote it')));
startActivity((c) => { choose(c); reveal(); });
connect({ chains, dht, show, go, rail, told: () => { told(); side(); } });
const chosen = h('input', { type: 'file', accept: '.happ', id: 'bundle', class: 'hide', tabindex: -1, 'aria-label': 'A .happ file', onchange: async () => {
  const file = chosen.files[0];
  if (!file) return;
  put($('#installing'), `Installing ${file.name}…`);
  try { await api.install(file); put($('#installing')); } catch (error) { put($('#installing'), h('span', { class: 'bad' }, `${file.name}: ${error.message}`)); }
  chosen.value = '';
} });
put($('#empty'), h('h1', {}, 'No app yet'), h('p', {}, 'The conductor is running. This page fills as soon as an app is installed; no reload is needed.'),
  h('ul', {}, h('li', {}, 'Install one that you have ', h('button', { class: 'btn', id: 'choose', onclick: () => chosen.click() }, 'Choose a .happ file'), chosen, h('code', {}, 'ham app install my.happ')), h('li', {}, 'Or make a new one, rebuilt at every change', h('code', {}, 'ham new orchard\ncd orchard\nham dev --watch'))), h('p', { id: 'installing', role: 'status' }));
roving($('.main .tabs'), 'button');
const waiting = setTimeout(() => put($('#notice'), h('p', { class: 'faint' }, 'Reading the chains…')), 300);
api.start(parts[0] || null, parts[1] || null, (change) => { clearTimeout(waiting); told(change); });

for (const b of document.querySelectorAll('.bottom button')) b.addEventListener('click', () => show(b.dataset.to));
$('#tab-chains').addEventListener('click', () => go('chains'));
$('#tab-dht').addEventListener('click', () => go('dht'));
// A hash in an answer leads to the thing that it identifies.
document.addEventListener('click', (event) => {
  const link = event.target.closest('[data-hash]');
  if (!link) return;
  event.preventDefault();
  const action = api.actions.find((a) => a.hash === link.dataset.hash), entry = api.find(link.dataset.hash);
  if (action) { go('chains'); chains.show(action); choose(action); } else if (entry) open(entry); else announce('Nothing with this hash is known here');
});
const help = keyboard([
  ['1', 'Chains', () => go('chains')], ['2', 'DHT', () => go('dht')], ['3', 'Activity', () => { show('log'); $('#activity').focus(); }],
  ['c', 'Call: go to the argument', () => { show('side'); view.chosen = null; view.past.length = 0; side(); $('#payload')?.focus(); }], ['Ctrl ↵', 'Call'],
  ['/', 'Filter functions', () => $('#filter')?.focus()], ['a', 'Call as the next agent', () => { if (!api.agents.length) return; view.agent = api.agents[(api.agents.indexOf(acting()) + 1) % api.agents.length].key; rail(); side(); announce(`Calls as ${acting().name}`); }],
  ['↑ ↓', 'Next row; also j and k'], ['→ ←', 'Unfold, fold'], ['[ ]', 'In the DHT: next type'], ['f', 'Fold runs', () => { chains.fold = !chains.fold; chains.update(); tools(); }], ['Escape', 'Back', () => { if (view.chosen) back(); }],
]);
$('#help').addEventListener('click', help);

export { chains, dht };                                              // for the tests, which measure them
