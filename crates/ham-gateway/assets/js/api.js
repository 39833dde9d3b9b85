// What the gateway tells of itself: once as a whole, then as a stream. The key stays in this module's memory.

import { keep, read } from './stream.js';
import { parse } from './ui.js';

const SECONDS = 900, MOST = 10000, POLL = 5000;
export const now = () => Date.now();

export const api = {
  // `undefined` before the gateway was asked, `null` where it wants a key.
  key: undefined, refused: null, lost: null, failed: null,
  gateway: null, apps: [], samples: {}, open: [], doubtful: [], events: [], following: 0, store: null, nats: null,
  retry() {},
};
let secret = null, tell = () => {}, abort = null, feed = null, cursor = null;

const headers = () => (secret ? { Authorization: `Bearer ${secret}` } : {});
async function ask(path, options = {}) {
  const answer = await fetch(path, { ...options, headers: { Accept: 'application/json', ...headers(), ...options.headers } });
  const body = parse(await answer.text());
  if (!answer.ok) throw Object.assign(new Error(body.detail ?? body.title ?? `status ${answer.status}`), { status: answer.status, problem: body });
  return body;
}
const may = (scope) => api.key?.scopes.includes(scope);

function take(status) {
  const { samples = {}, ...rest } = status;
  Object.assign(api, rest);
  for (const [app, list] of Object.entries(samples)) {
    const kept = (api.samples[app] ??= []);
    for (const sample of list) if (!kept.length || sample.t > kept.at(-1).t) kept.push(sample);
    kept.splice(0, kept.length - SECONDS);
  }
}
// What is under way and what nobody knows, of the calls that this key may see.
async function calls() {
  if (!may('calls') && !may('calls:all')) return;
  if (!api.store) return;
  const [open, doubtful] = await Promise.all([ask('/api/v1/calls?state=open&order=oldest&limit=100'), ask('/api/v1/calls?outcome=unknown,arrived&limit=100')]);
  Object.assign(api, { open: open.calls, more: Boolean(open.next), doubtful: doubtful.calls });
}

async function follow() {
  abort = new AbortController();
  let asked = now();
  const opened = async () => { await calls(); api.lost = null; tell({ all: true }); };
  await read('/api/v1/status', { abort, headers: headers(), opened }, (event, data) => {
    if (event !== 'status') return;
    take(data);
    tell({ status: true });
    // The calls are asked for when their number says that they have changed, and now and then.
    if (data.calls_changed || now() - asked > POLL) { asked = now(); calls().then(() => tell({ calls: true }), () => {}); }
  });
}
async function listen() {
  feed = new AbortController();
  const chains = api.apps.map((a) => `chain=${encodeURIComponent(a.id)}`).join('&');
  if (!chains) return true;
  await read(`/api/v1/events?${chains}`, { abort: feed, headers: { ...headers(), ...(cursor ? { 'Last-Event-ID': cursor } : {}) } }, (event, data, id) => {
    if (id) cursor = id;
    const kind = { new_block: 'block', new_event: 'event', gap: 'gap' }[event];
    if (!kind) return;
    api.events.push({ kind, at: now(), id, ...data });
    if (api.events.length > MOST) api.events.shift();
    tell({ events: 1 });
  });
}

async function first() {
  try {
    take(await ask('/api/v1/status'));
    Object.assign(api, { refused: null, failed: null });
  } catch (error) {
    if (error.status !== 401 && error.status !== 403) throw error;
    Object.assign(api, { key: null, refused: secret ? error.message : null });
    secret = null;
    return false;
  }
  await calls().catch((error) => { api.failed = error.message; });
  return true;
}
// Another key. Where it is good, everything is shown with it.
export async function enter(text) {
  secret = text.trim();
  try { if (await first()) begin(); } catch (error) { api.refused = error.message; }
  tell({ all: true });
}
function begin() {
  api.retry = keep(follow, (next) => { api.lost = { since: api.lost?.since ?? now(), next }; tell({ contact: true }); });
  if (may('feed')) keep(listen, () => {});
}
export async function start(told) {
  tell = told;
  try { if (await first()) begin(); }
  catch { api.lost = { since: now(), next: now() + 1000 }; setTimeout(() => start(told), 1000); }
  tell({ all: true });
}
export async function cancel(id) {
  const settled = await ask(`/api/v1/calls/${id}/cancel`, { method: 'POST' });
  await calls();
  tell({ calls: true });
  return settled;
}
