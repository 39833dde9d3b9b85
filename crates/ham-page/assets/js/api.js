// The server's data, in the form that the drawings use: one GET per part, then one stream. Nothing that the stream
// delivers is requested again.

import { keep, read as listen } from './stream.js';
import { parse } from './ui.js';

const BASE = '/api/dev/v1', MOST = 10000, LISTED = 10000;
export const now = () => Date.now();
const key = (hash) => hash.slice(5);                                 // an agent is also an entry: only the type before it differs

export const api = {
  conductor: { state: 'starting' }, watch: null, faults: null, back: null, apps: [], app: null, role: null, agents: [], zomes: [],
  actions: [], entries: [], links: [], calls: [], signals: [], logs: [], reloads: [], gaps: [], older: 0, failed: null,
  types: { entries: [], links: {} },
  call, install, record: (hash) => get(`${cell()}/records/${hash}`), choose, start, retry() {}, find: (hash) => places.get(key(hash)),
};
let dna = null, byHash = new Map(), byCall = new Map(), places = new Map(), cursor = null, seen = 0, tell = () => {}, local = 0, turn = 0, newest = null;

async function get(path) {
  const answer = await fetch(path.startsWith('/') ? path : `${BASE}/${path}`, { headers: { Accept: 'application/json' } });
  const body = parse(await answer.text());
  if (!answer.ok) throw new Error(body.detail ?? body.title ?? `status ${answer.status}`);
  return body;
}
async function install(file) {
  const answer = await fetch(`${BASE}/apps`, { method: 'POST', headers: { 'Content-Type': 'application/octet-stream' }, body: file });
  if (answer.ok) return;
  const problem = parse(await answer.text());
  throw new Error(problem.detail ?? problem.title);
}
const cell = () => `${encodeURIComponent(api.app.id)}/${encodeURIComponent(api.role)}`;
const agentOf = (hash) => hash && api.agents.find((a) => a.key === hash);

// Everything about one role, from the start. An earlier load stops where it is, and waits for the latest one.
function load() {
  const mine = turn += 1, ask = async (path) => { const answer = await get(path); if (mine !== turn) throw new Error('something else is shown now'); return answer; };
  return newest = read(ask).catch((error) => { if (mine !== turn) return newest; throw error; });
}
async function read(ask) {
  const state = await ask('state');
  seen = Number(state.cursor.split('-')[1]);                         // what was told up to here is in what is read now
  Object.assign(api, { conductor: state.conductor, watch: state.watch, faults: state.faults, apps: state.apps, at: state.at });
  api.app = api.apps.find((a) => a.id === api.app?.id) ?? api.apps[0] ?? null;
  api.role = api.app?.roles.some((r) => r.role === api.role) ? api.role : api.app?.roles[0]?.role ?? null;
  dna = api.app?.roles.find((r) => r.role === api.role)?.dna ?? null;
  const doubts = api.calls.filter((c) => c.outcome === 'unknown' && c.id.startsWith('local-'));
  byHash = new Map(); byCall = new Map(); places = new Map();
  for (const list of ['agents', 'actions', 'entries', 'links', 'calls', 'zomes']) api[list] = [];
  api.types = { entries: [], links: {} };
  if (!api.app) { api.agents = []; return; }
  api.agents = state.agents.filter((a) => a.cells.some((c) => c.app === api.app.id && c.role === api.role))
    .map((a) => ({ ...a, index: a.index % 6, head: -1, cell: a.cells.find((c) => c.app === api.app.id && c.role === api.role) }));
  for (const a of api.agents) place(a.key, { hash: a.key, type: 'Agent', content: { name: a.name }, by: a, updates: [], deleted: false });
  const schema = await ask(`${cell()}/schema`);
  api.zomes = schema.zomes.filter((z) => z.functions.length);
  api.types.entries = ['Path', 'Agent', ...schema.entry_types.filter((t) => t.visibility === 'public').map((t) => t.name)];
  const pages = [];
  for (let before = ''; ;) {
    const page = await ask(`${cell()}/actions?limit=1000${before}`);
    pages.push(...page.actions);
    const last = page.actions.at(-1);
    api.older = last ? last.n : 0;
    if (!last || last.n <= page.oldest || pages.length >= MOST) break;
    before = `&before=${last.n}`;
  }
  for (const a of pages.reverse()) action(a);
  const calls = [];
  for (let before = ''; calls.length < 1000;) {                      // an answer ends after some MiB
    const page = (await ask(`calls?limit=1000${before}`)).calls;
    if (!page.length) break;
    calls.push(...page);
    before = `&before=${page.at(-1).id}`;
  }
  for (const c of calls.reverse()) callOf(c);
  // Known only to this page: a call that may have run.
  for (const c of doubts) if (c.dna === dna && agentOf(c.by.key)) api.calls.push({ ...c, by: agentOf(c.by.key) });
}

function place(hash, node) {
  const known = places.get(key(hash));
  if (known) return known;
  places.set(key(hash), node);
  if (!api.entries.includes(node)) api.entries.push(node);
  return node;
}
// The targets of a link that are not entries here: a path, an anchor, something elsewhere.
const nodeOf = (hash, by) => places.get(key(hash)) ?? place(hash, { hash, type: 'Path', content: { path: `${hash.slice(0, 7)}…${hash.slice(-4)}` }, by, updates: [], deleted: false });

function action(json) {
  if (byHash.has(json.hash)) return null;
  const by = agentOf(json.agent);
  if (!by) return null;
  const a = { n: json.n, hash: json.hash, by, seq: json.seq, kind: json.kind, at: json.at, type: json.entry_type ?? json.link_type, hidden: json.private, zome: json.zome, tag: json.tag, call: byCall.get(json.call) };
  by.head = Math.max(by.head, a.seq);
  a.of = json.of ? byHash.get(json.of) : undefined;
  if (json.entry_hash) {
    const content = json.entry ?? {}, node = { hash: json.entry_hash, type: a.type, content: a.type === 'Agent' ? { name: by.name } : content, by, action: a, updates: [], deleted: false, hidden: json.private };
    if (a.kind === 'Update' && a.of?.entry) {
      const root = a.of.entry.root ?? a.of.entry;
      root.updates.push(a);
      places.set(key(json.entry_hash), root);
      places.set(key(a.hash), root);
      a.entry = { ...node, root };
    } else {
      a.entry = place(json.entry_hash, node);
      a.entry.action ??= a;
      a.entry.deleted = false;
      places.set(key(a.hash), a.entry);
      if (!a.hidden && !api.types.entries.includes(a.type) && !a.type.startsWith('Cap')) api.types.entries.push(a.type);
      if (a.type.startsWith('Cap')) a.entry.hidden = true;
    }
  }
  if (a.kind === 'CreateLink') {
    Object.assign(a, { base: nodeOf(json.base, by), target: nodeOf(json.target, by) });
    a.link = { type: a.type, base: a.base, target: a.target, tag: json.tag, by, action: a, deleted: false };
    api.links.push(a.link);
    const ways = (api.types.links[a.type] ??= Object.assign([], { seen: new Map() })), way = `${a.base.type}\n${a.target.type}`;
    ways.seen.set(way, (ways.seen.get(way) ?? 0) + 1);               // hApps do not say from what to what: it is counted
    [ways[0], ways[1]] = [...ways.seen].sort((x, y) => y[1] - x[1])[0][0].split('\n');
  }
  if (a.of && (a.kind === 'Delete' || a.kind === 'DeleteLink')) {
    a.type = a.of.type;
    if (a.of.link) a.of.link.deleted = true; else if (a.of.entry) (a.of.entry.root ?? a.of.entry).deleted = true;
  }
  byHash.set(a.hash, a);
  api.actions.push(a);
  return a;
}

function callOf(json) {
  if (json.dna !== dna) return null;
  const by = agentOf(json.agent);
  if (!by) return null;
  const known = byCall.get(json.id), c = known ?? { id: json.id, n: api.calls.length, logs: 0, signals: 0 };
  Object.assign(c, { at: json.at, by, zome: json.zome, fn: json.fn, payload: json.payload, argument: json.argument, outcome: json.outcome, answer: json.answer, ms: json.ms, phases: json.phases, signals: Math.max(c.signals, json.signals), logs: Math.max(c.logs, json.logs), nested: json.nested, parent: json.parent });
  c.failure = json.error ? { error: json.error.text, kind: json.error.kind, where: json.error.where, effect: json.effect } : null;
  c.wrote = json.wrote.map((hash) => byHash.get(hash)).filter(Boolean);
  for (const a of c.wrote) a.call = c;
  if (!known) { byCall.set(c.id, c); api.calls.push(c); if (api.calls.length > LISTED) byCall.delete(api.calls.shift().id); }
  return c;
}
const cut = (list, item) => { list.push(item); if (list.length > LISTED) list.shift(); };

// One message of the stream. Returns what it changes: the rows that are new in the activity, or `true` for everything.
function take(event, json, old) {
  if (old && (event === 'state' || event === 'action' || event === 'call' || event === 'faults')) return {};
  if (event === 'state') return { all: true };
  if (event === 'faults') { api.faults = json.faults; return { head: true }; }
  if (event === 'gap') { cut(api.gaps, { at: json.at ?? now(), text: json.cause === 'restart' ? 'ham dev was restarted; earlier signals and logs are missing' : `${json.missed ?? 'some'} events were lost; signals and logs may be missing` }); return { all: !old, rows: 1 }; }
  if (json.dna !== dna && !(event === 'log' && !json.dna)) return {};
  if (event === 'action') return { actions: action(json) ? 1 : 0 };
  if (event === 'call') { const fresh = !byCall.has(json.id), c = callOf(json); return { call: c, rows: fresh && c ? 1 : 0 }; }
  const by = agentOf(json.agent) ?? { name: '', index: 4 }, from = byCall.get(json.call);
  if (event === 'signal') { if (from) from.signals = api.signals.filter((x) => x.from === from).length + 1; cut(api.signals, { at: json.at, by, zome: json.zome, payload: json.payload, from }); return { rows: 1 }; }
  if (event === 'log') { if (from) from.logs = api.logs.filter((x) => x.from === from).length + 1; cut(api.logs, { at: json.at, by, zome: json.zome, level: json.level, text: json.text, where: json.where ?? json.zome, from }); return { rows: 1 }; }
  if (event === 'reload') { cut(api.reloads, { at: json.at, zomes: json.zomes }); return { all: !old, rows: 1 }; }
  return {};
}

// Messages are gathered and drawn once per frame; a hidden tab draws when it is shown. Drawing takes at most a quarter
// of the time, so that the page stays usable while a long chain grows.
let waiting = { actions: 0, rows: 0 }, drawing = false, rested = 0;
function gather(change) {
  waiting.actions += change.actions ?? 0; waiting.rows += change.rows ?? 0; waiting.all ||= change.all; waiting.head ||= change.head; waiting.call ??= change.call;
  if (drawing) return;
  drawing = true;
  const draw = async () => {
    drawing = false;
    const told = waiting, from = performance.now();
    waiting = { actions: 0, rows: 0 };
    if (told.all) await reload(); else { tell(told); rested = performance.now() + Math.min(MOST_REST, REST * (performance.now() - from)); }
  };
  const rest = rested - performance.now();
  if (rest > FRAME) setTimeout(() => requestAnimationFrame(draw), rest); else requestAnimationFrame(draw);
}
const FRAME = 16, REST = 3, MOST_REST = 1000;
async function reload(then) {
  try { await load(); api.failed = null; } catch (error) { api.failed = error.message; }
  then?.();
  tell({ all: true });
}
// Switches to another role. The stream is restarted, so that it delivers the signals and logs of this one.
async function choose(app, role) {
  api.app = api.apps.find((a) => a.id === app) ?? api.app;
  api.role = role;
  await reload(() => {
    for (const list of ['signals', 'logs', 'reloads', 'gaps']) api[list] = [];
    cursor = null;
    wanted = true;
    again?.abort();
  });
}

let again = null, wanted = false;                                   // ends the stream; that it was meant to end
async function follow() {
  again = new AbortController();
  wanted = false;
  const opened = async () => { if (api.conductor.state === 'lost') { const { since } = api.conductor; await load(); Object.assign(api, { failed: null, back: { since, at: now() } }); tell({ all: true }); } };
  await listen(`${BASE}/events`, { abort: again, headers: cursor ? { 'Last-Event-ID': cursor } : {}, opened }, (event, data, id) => {
    if (id) cursor = id;
    gather(take(event, data, id && Number(id.split('-')[1]) <= seen));
  });
  return wanted;
}

async function start(app, role, told) {
  tell = told;
  Object.assign(api, { app: app ? { id: app } : null, role });
  try { await load(); } catch (error) { api.failed = error.message; }
  tell({ all: true });
  api.retry = keep(async () => { try { return await follow(); } catch (error) { if (wanted) return true; throw error; } }, (next) => {
    if (api.conductor.state !== 'lost') Object.assign(api, { conductor: { ...api.conductor, state: 'lost', since: now() }, back: null });
    api.conductor.next = next;
    tell({ contact: true });
  });
}

// A call by one of the agents. Its argument is sent as it was typed, so that no number is rounded.
async function call(by, zome, fn, text) {
  const at = now(), of = dna, path = `/api/v1/apps/${encodeURIComponent(by.cell.installed)}/roles/${encodeURIComponent(api.role)}/zomes/${encodeURIComponent(zome)}/fns/${encodeURIComponent(fn)}`;
  const made = (more) => { const c = { id: `local-${++local}`, n: api.calls.length, dna: of, at, by, zome, fn, payload: text.trim() ? parse(text) : null, argument: text.trim() || 'null', wrote: [], phases: {}, ms: now() - at, signals: 0, logs: 0, nested: [], ...more }; if (of === dna) api.calls.push(c); return c; };
  let answer;
  try { answer = await fetch(path, { method: 'POST', body: text.trim() ? text : 'null', headers: { 'Content-Type': 'application/json', 'Ham-Agent': by.key } }); }
  catch { return made({ outcome: 'unknown', failure: { error: `the link was lost ${now() - at} ms after the call was sent`, effect: 'unknown' } }); }
  const id = answer.headers.get('Ham-Call-Id');
  if (id) {
    try { return callOf(await get(`calls/${id}`)) ?? byCall.get(id); } catch { /* its answer is here all the same */ }
  }
  let body = null;
  try { body = parse(await answer.text()); } catch { return made({ outcome: 'unknown', failure: { error: 'the link was lost while the answer came', effect: 'unknown' } }); }
  if (answer.ok) return made({ outcome: 'answered', answer: body });
  return made({ outcome: body.outcome === 'answered' ? 'error' : body.outcome ?? 'not_run', failure: { error: body.detail ?? body.title, where: body.where, effect: body.effect ?? 'nothing' } });
}
