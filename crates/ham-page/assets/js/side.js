// The side panel: the call of a function, or what was chosen: an action, an entry, a call.
import { $, OUTCOME, announce, fmt, glyph, h, json, line, print, put, s, state, title } from './ui.js';
import { WROTE, effect } from './effect.js';
import { NAMES, node, short, tally } from './chain.js';
import { api } from './api.js';

// What the page shows; the agents and functions are looked up again by name after everything was read again.
export const view = { agent: null, fn: null, chosen: null, past: [], drafts: {}, busy: false };
export const acting = () => api.agents.find((a) => a.key === view.agent) ?? api.agents[0];
let page;                                                            // chains, dht, show, go, rail: the rest of the page
export const connect = (parts) => { page = parts; };

export function side() {
  if (!api.app || !acting()) { put($('#side')); return; }
  const c = view.chosen;
  put($('#side'), c?.seq !== undefined ? record(c) : c?.updates ? entry(c) : c?.fn ? trace(c) : form());
}
// What the stream delivered, without touching a field in which somebody types.
export function refresh() {
  const c = view.chosen;
  if (c?.fn) put($('#side'), trace(c));
  if (c || !$('#answer')) return;
  const last = lastOf(view.fn);
  if (last) put($('#answer'), answer(last));
}
const lastOf = (fn) => api.calls.findLast((c) => c.fn === fn?.name && c.zome === fn?.zome && !c.parent);
export function choose(what) { if (view.chosen) view.past.push(view.chosen); view.chosen = what; side(); }
export function back() { view.chosen = view.past.pop() ?? null; side(); page.dht.choose(view.chosen?.updates ? view.chosen : null); }
const backButton = () => h('button', { class: 'back', 'data-id': 'back', onclick: back }, '← Back');
export function open(e) { page.go('dht'); page.dht.choose(e); choose(e); }

// The argument of an earlier call, to be sent again. It is laid out on several lines if nothing of it is lost by that.
function draft(c) {
  if (c.payload === null || !c.argument) return '';
  return print(c.payload) === c.argument ? print(c.payload, 2) : c.argument;
}
function form() {
  const fn = (view.fn ??= api.zomes[0] && { zome: api.zomes[0].name, name: api.zomes[0].functions[0] });
  if (!fn) return [h('p', { class: 'faint' }, 'This role has no functions to call.')];
  const id = `${fn.zome}/${fn.name}`, mine = api.calls.filter((c) => c.fn === fn.name && c.zome === fn.zome && !c.parent);
  const before = [...new Map(mine.filter((c) => c.payload !== null && c.argument).reverse().map((c) => [c.argument, c])).values()].slice(0, 3);
  const text = view.drafts[id] ?? (before[0] ? draft(before[0]) : '');
  const lost = api.conductor.state !== 'running', last = mine.at(-1), doubt = last?.outcome === 'unknown';
  const area = h('textarea', { id: 'payload', 'data-id': 'payload', class: 'field', rows: Math.min(10, Math.max(4, text.split('\n').length)), spellcheck: 'false', 'aria-describedby': 'payload-note', placeholder: 'no argument' });
  area.value = text;
  const note = h('span', { id: 'payload-note', class: 'small faint' });
  const button = h('button', { id: 'call', 'data-id': 'call', class: `btn ${doubt ? 'danger' : 'primary'}`, onclick: run }, view.busy ? 'Calling…' : doubt ? 'Call again; it may run twice' : 'Call', h('kbd', {}, 'Ctrl ↵'));
  const check = () => {
    let wrong = null;
    try { area.value.trim() && JSON.parse(area.value); } catch (e) { wrong = e.message.split('(')[0].replace('JSON.parse: ', ''); }
    put(note, wrong ? [glyph('error', null), ` Not JSON yet: ${wrong}`] : area.value.trim() ? 'JSON, sent as MessagePack' : 'Sent without an argument');
    note.className = `small ${wrong ? 'bad' : 'faint'}`;
    button.disabled = Boolean(wrong) || lost || view.busy;
    view.drafts[id] = area.value;
  };
  area.addEventListener('input', check);
  area.addEventListener('keydown', (e) => { if (e.key === 'Enter' && (e.ctrlKey || e.metaKey)) { e.preventDefault(); run(); } if (e.key === 'Escape') area.blur(); });
  check();
  return [
    h('select', { class: 'field pick', 'aria-label': 'Function', onchange: (e) => { const [zome, name] = e.target.value.split('/'); view.fn = { zome, name }; side(); page.rail(); } }, api.zomes.map((z) => h('optgroup', { label: z.name }, z.functions.map((f) => h('option', { value: `${z.name}/${f}`, selected: f === fn.name && z.name === fn.zome }, f))))),
    h('h2', {}, h('code', {}, fn.name)), h('p', { class: 'under' }, `in ${fn.zome}, called as ${acting().name}`),
    h('label', { class: 'small faint', for: 'payload' }, 'Argument'), area, note,
    before.length ? h('div', { class: 'used' }, 'Used before:', before.map((c) => h('button', { class: 'clip', title: line(c.payload), onclick: () => { area.value = draft(c); check(); area.focus(); } }, title(c.payload) || line(c.payload)))) : null,
    h('div', { class: 'go' }, button, lost ? h('span', { class: 'small faint' }, 'There is no conductor to call.') : null),
    last ? h('section', { id: 'answer' }, answer(last)) : h('section', { id: 'answer' }, h('p', { class: 'faint' }, 'Not called yet.')),
  ];
}
function answer(c) {
  const ok = c.outcome === 'answered';
  const wrote = c.wrote.length ? h('p', {}, 'Wrote ', h('a', { href: '#chain', onclick: (e) => { e.preventDefault(); page.go('chains'); page.chains.show(c.wrote[0]); choose(c.wrote[0]); } }, c.wrote.length > 1 ? `actions ${c.wrote[0].seq}–${c.wrote.at(-1).seq}` : `action ${c.wrote[0].seq}`), ` of ${c.by.name}: ${tally(c.wrote)}.`) : null;
  const words = { ...OUTCOME, open: 'Running', unknown: 'Unknown: it may have run', arrived: 'Arrived, the answer was lost' };
  return [
    h('div', { class: 'verdict' }, glyph(c.outcome, null), words[c.outcome], h('span', {}, view.chosen ? '' : `${c.by.name}, ${fmt.clock(c.at)}`, ['unknown', 'open'].includes(c.outcome) ? '' : `${view.chosen ? '' : ' · '}${fmt.ms(c.ms)}`)),
    ok && h('pre', { class: 'out', tabindex: 0, 'aria-label': 'Answer' }, json(c.answer)),
    c.outcome === 'error' && [h('pre', { class: 'out bad' }, c.failure.error), h('div', { class: 'then' }, c.failure.where ? h('p', {}, c.failure.where) : null, h('p', {}, WROTE[effect(c)].side))],
    c.outcome === 'not_run' && h('div', { class: 'then' }, h('p', {}, `It did not run: ${c.failure.error}. Calling again is safe.`)),
    c.outcome === 'unknown' && [h('div', { class: 'doubt hatch' }, h('p', {}, `${c.failure.error[0].toUpperCase()}${c.failure.error.slice(1)}.`)),
      h('div', { class: 'then' }, h('p', {}, `Look at ${c.by.name}’s chain before calling again: a second call could write the same twice.`))],
    h('div', { class: 'then' }, wrote, c.signals || c.logs ? h('p', {}, [c.signals ? fmt.plural(c.signals, 'signal') : null, c.logs ? fmt.plural(c.logs, 'log line') : null].filter(Boolean).join(', '), '.') : null),
    ok && c.phases.zome ? h('section', {}, h('h3', {}, 'Where the time went'), phases(c)) : null,
  ];
}
function phases(c) {
  const words = { queue: 'Waited', init: 'Init', zome: 'Zome function', validate: 'Validation', write: 'Written', post_commit: 'post_commit' };
  const parts = Object.keys(words).map((name) => [name, c.phases[name] ?? 0]).filter(([, ms]) => ms > .05), all = Math.max(c.ms, parts.reduce((sum, [, ms]) => sum + ms, 0));
  let left = 0;
  return h('div', { class: 'phases' }, parts.map(([name, ms]) => {
    const row = [h('span', {}, words[name]), h('div', { class: 'lead' }, h('div', { class: 't', css: { left: `${(left / all) * 100}%`, width: `${(ms / all) * 100}%` } })), h('span', { class: 'num' }, fmt.ms(ms))];
    left += ms;
    return row;
  }));
}
function trace(c) {
  const inner = (c.nested ?? []).map((id) => api.calls.find((x) => x.id === id)).filter(Boolean), outer = api.calls.find((x) => x.id === c.parent);
  const list = (name, calls) => (calls.length ? h('section', {}, h('h3', {}, name), h('ul', { class: 'list' }, calls.map((x) => h('li', {}, glyph(x.outcome, OUTCOME[x.outcome]), h('button', { onclick: () => choose(x) }, h('code', {}, x.fn)), h('span', { class: 'faint' }, fmt.ms(x.ms)))))) : null);
  return [backButton(), h('h2', {}, h('code', {}, c.fn)), h('p', { class: 'under' }, `in ${c.zome}, called as ${c.by.name} at ${fmt.clockMs(c.at)}`),
    h('h3', {}, 'Argument'), h('pre', { class: 'out', tabindex: 0, 'aria-label': 'Argument' }, c.payload === null ? 'none' : json(c.payload)), h('section', {}, answer(c)),
    list('Calls that it made', inner), list('Made by', outer ? [outer] : []),
    h('div', { class: 'go' }, h('button', { class: 'btn', onclick: () => { view.fn = { zome: c.zome, name: c.fn }; view.drafts[`${c.zome}/${c.fn}`] = draft(c); view.chosen = null; view.past.length = 0; side(); page.rail(); $('#payload').focus(); } }, 'Edit and call again'))];
}
// A hash has two uses: it can be copied, and put into the next call.
const hash = (x) => [h('code', { title: x }, fmt.hash(x)), h('span', { class: 'tools-line' }, h('button', { onclick: () => { navigator.clipboard?.writeText(x); announce('Copied'); } }, 'Copy'), view.fn ? h('button', { onclick: () => use(x) }, `Use in ${view.fn.name}`) : null)];
function use(x) {
  const id = `${view.fn.zome}/${view.fn.name}`, text = view.drafts[id] ?? '', here = `{"$hash": "${x}"}`;
  view.drafts[id] = /\{\s*"\$hash"[^}]*\}/.test(text) ? text.replace(/\{\s*"\$hash"[^}]*\}/, here) : text.trim() ? `${text}\n${here}` : here;
  view.chosen = null; view.past.length = 0; side(); page.show('side'); $('#payload').focus();
}
const mark = (kind, by) => s('svg', { class: 'g', viewBox: '0 0 12 12', 'aria-hidden': 'true' }, node(kind, 6, 6, by.index, 4.6));
function record(a) {
  const e = a.entry ?? a.of?.entry, valid = h('dd', {}, '…'), raw = h('pre', { class: 'out' }), whole = h('div', {}, e && !a.of ? h('pre', { class: 'out', tabindex: 0, 'aria-label': 'Entry' }, json(e.content)) : null);
  if (a.kind === 'Update' && a.entry) put(whole, h('pre', { class: 'out', tabindex: 0, 'aria-label': 'Entry' }, json(a.entry.content)));
  api.record(a.hash).then((r) => {
    put(valid, state(r.validation.status === 'valid' ? 'answered' : 'error', `${r.validation.status}, ${fmt.plural(r.validation.operations, 'operation')}`));
    put(raw, print(r.raw, 1));
    if (e?.content?.$messagepack !== undefined) put(whole, h('pre', { class: 'out', tabindex: 0, 'aria-label': 'Entry' }, json(r.entry)));
  }, (error) => put(valid, h('span', { class: 'bad' }, `Could not be read: ${error.message}.`), ' ', h('button', { class: 'back', onclick: side }, 'Try again')));
  return [backButton(), h('h2', {}, NAMES[a.kind] ?? a.kind, a.type ? ` ${a.type}` : ''), h('p', { class: 'under' }, `action ${a.seq} of ${a.by.name}, ${fmt.clockMs(a.at)}`),
    whole,
    a.base && a.target ? h('ul', { class: 'list' }, h('li', {}, h('span', { class: 'faint' }, 'from'), h('button', { class: 'clip', onclick: () => open(a.base) }, `${a.base.type} ${short(a.base)}`)), h('li', {}, h('span', { class: 'faint' }, 'to'), h('button', { class: 'clip', onclick: () => open(a.target) }, `${a.target.type} ${short(a.target)}`))) : null,
    a.of ? h('ul', { class: 'list' }, h('li', {}, mark(a.of.kind, a.of.by), h('button', { class: 'clip', onclick: () => { page.chains.show(a.of); choose(a.of); } }, `of action ${a.of.seq} of ${a.of.by.name}: ${NAMES[a.of.kind]} ${a.of.type ?? ''}`))) : null,
    h('section', {}, h('dl', { class: 'facts' },
      h('dt', {}, 'Action'), h('dd', {}, hash(a.hash)), e ? [h('dt', {}, 'Entry'), h('dd', {}, a.hidden ? [glyph('lock', null), ' private, on this chain only'] : h('a', { href: '#dht', onclick: (ev) => { ev.preventDefault(); open(e.root ?? e); } }, h('code', {}, fmt.hash(e.hash))))] : null,
      h('dt', {}, 'Author'), h('dd', {}, a.by.name, ' ', h('code', { class: 'faint' }, fmt.hash(a.by.key))), h('dt', {}, 'Validation'), valid)),
    a.call ? h('section', {}, h('h3', {}, 'Written by'), h('ul', { class: 'list' }, h('li', {}, h('button', { onclick: () => choose(a.call) }, h('code', {}, a.call.fn)), h('span', { class: 'faint' }, `${fmt.ms(a.call.ms)}, ${a.call.wrote.indexOf(a) + 1} of ${fmt.plural(a.call.wrote.length, 'action')}`)))) : null,
    h('section', {}, h('details', {}, h('summary', { class: 'faint' }, 'As it is written'), raw)),
  ];
}
function entry(e) {
  const out = api.links.filter((l) => l.base === e), into = api.links.filter((l) => l.target === e);
  const list = (name, links, other) => (links.length ? h('section', {}, h('h3', {}, `${name} ${fmt.count(links.length)}`), h('ul', { class: 'list' }, links.slice(-6).reverse().map((l) => h('li', {}, mark(l.deleted ? 'DeleteLink' : 'CreateLink', l.by), h('span', { class: 'faint' }, l.type), h('button', { class: 'clip', onclick: () => open(other(l)) }, short(other(l))))), links.length > 6 ? h('li', { class: 'more' }, `and ${links.length - 6} older`) : null)) : null);
  return [backButton(), h('h2', {}, e.type === 'Agent' ? e.content.name : e.type), h('p', { class: 'under' }, e.action ? `written by ${e.by.name}, ${fmt.clock(e.action.at)}` : 'not an entry here: a path, or something elsewhere', e.deleted ? ', deleted' : e.updates.length ? `, updated ${e.updates.length} ×` : ''),
    h('pre', { class: 'out', tabindex: 0, 'aria-label': 'Entry' }, json(e.content)),
    h('dl', { class: 'facts', css: { marginTop: '12px' } }, h('dt', {}, e.action ? 'Entry' : 'Hash'), h('dd', {}, hash(e.hash)), e.action ? [h('dt', {}, 'Action'), h('dd', {}, h('a', { href: '#chain', onclick: (ev) => { ev.preventDefault(); page.go('chains'); page.chains.show(e.action); choose(e.action); } }, `${e.action.seq} of ${e.by.name}`))] : null,
      e.updates.length ? [h('dt', {}, 'Updates'), h('dd', {}, e.updates.slice(-6).map((u) => [h('a', { href: '#chain', onclick: (ev) => { ev.preventDefault(); page.go('chains'); page.chains.show(u); choose(u); } }, `${u.seq} of ${u.by.name}`), ' ']))] : null),
    list('Links from here', out, (l) => l.target), list('Links to here', into, (l) => l.base)];
}

export async function run() {
  const area = $('#payload'), fn = view.fn;
  if (!area || view.busy || api.conductor.state !== 'running') return;
  const text = area.value;
  try { if (text.trim()) JSON.parse(text); } catch { return; }
  const focused = document.activeElement?.id;
  view.busy = true; side();
  const c = await api.call(acting(), fn.zome, fn.name, text);
  view.busy = false;
  page.told();
  announce(`${OUTCOME[c?.outcome] ?? 'Called'}, ${fmt.ms(c?.ms ?? 0)}`);
  $(`#${focused || 'call'}`)?.focus();
}
