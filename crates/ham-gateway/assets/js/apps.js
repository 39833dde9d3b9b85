// The apps, their links, and what happened in the last quarter of an hour.

import { api, now } from './api.js';
import { Lanes, spark } from './lanes.js';
import { fmt, glyph, h, put, s, state } from './ui.js';
import { ago, sum } from './verdict.js';

const SECONDS = 900;
let chosen = null, lanes = null;
export const app = () => api.apps.find((a) => a.id === chosen) ?? api.apps[0];

// The last 900 seconds of an app: a second without a sample is not known, and not nothing.
function seconds(id) {
  const list = api.samples[id] ?? [], known = new Map(list.map((d) => [Math.round(d.t / 1000), d]));
  const last = Math.round((list.at(-1)?.t ?? now()) / 1000);
  const none = (t) => ({ t, link: null, answered: null, error: null, not_run: null, arrived: null, unknown: null, p50: null, p99: null, open: null });
  return Array.from({ length: SECONDS }, (_, i) => known.get(last - SECONDS + 1 + i) ?? none((last - SECONDS + 1 + i) * 1000));
}
export function apps(all) {
  if (!api.apps.length) return [];
  const columns = ['App', 'Link', 'Last 15 min', 'Roles'].map((t) => h('th', { scope: 'col' }, t));
  const figures = ['Calls/s', 'p50', 'p99', 'Open'].map((t) => h('th', { scope: 'col', class: 'num' }, t));
  const link = (a) => {
    if (api.lost) return state('unknown', a.link.state === 'live' ? 'was up' : 'was down');
    if (a.link.state === 'live') return state('live', `Up ${ago(a.link.since)}`);
    return state('trying', `Down ${ago(a.link.since)}${a.link.next ? `, next try in ${fmt.span(Math.max(0, a.link.next - now()))}` : ''}`);
  };
  const role = (r) => {
    if (api.lost) return state('unknown', r.role);
    if (r.callable) return state('answered', r.role);
    return h('span', { class: 'state' }, glyph('not_run', 'not callable'), r.role, h('span', { class: 'why' }, r.why ?? 'not callable'));
  };
  const figure = (text) => h('td', { class: 'num drop' }, text);
  const ms = (value) => (typeof value === 'number' ? fmt.ms(value) : '–');
  return h('table', {}, h('thead', {}, h('tr', {}, columns, figures)), h('tbody', {}, api.apps.map((a) => h('tr', { 'aria-current': a === app() },
    h('td', {}, h('button', { class: 'id', 'data-id': `app-${a.id}`, onclick: () => { chosen = a.id; all(); } }, a.id)),
    h('td', { class: 'end' }, link(a)), h('td', { class: 'drop' }, spark(seconds(a.id), 120)),
    h('td', { class: 'wide' }, h('div', { class: 'roles' }, a.roles.map(role))),
    figure(api.lost ? '–' : (a.rate ?? 0).toFixed(1)), figure(api.lost ? '–' : ms(a.p50)), figure(api.lost ? '–' : ms(a.p99)), figure(api.lost ? '–' : fmt.count(a.open ?? 0))))));
}

const READ = 'point, or press ← →, to read one second';
const unit = (n, u) => [String(n), s('tspan', { class: 'u' }, ` ${u}`)];
const rare = (of) => (p, data) => (p ? String(p[of] ?? '–') : unit(fmt.count(sum(data, of)), 'in 15 min'));
const LANES = [
  { kind: 'link', name: 'Link', high: 12, space: 14, read: (p, d) => ({ true: 'up', false: 'down', null: 'not known' })[(p ?? d.at(-1)).link] },
  { kind: 'area', of: 'answered', tone: 'ok', glyph: 'answered', name: 'Answered', high: 54, least: 4, read: (p, d) => { const q = p ?? d.at(-1); return q.answered === null ? '–' : unit(p ? p.answered : (sum(d.slice(-10), 'answered') / 10).toFixed(1), '/s'); } },
  { kind: 'marks', of: 'error', tone: 'bad', glyph: 'error', name: 'With an error', high: 20, read: rare('error') },
  { kind: 'marks', of: 'not_run', tone: 'dim', glyph: 'not_run', name: 'Not run', high: 20, read: rare('not_run') },
  { kind: 'marks', of: 'arrived', tone: 'unsure', glyph: 'arrived', glyphs: 'arrived', name: 'Answer lost', high: 16, read: rare('arrived') },
  { kind: 'marks', of: 'unknown', tone: 'unsure', glyph: 'unknown', glyphs: 'unknown', name: 'Unknown', high: 16, space: 18, read: rare('unknown') },
  { kind: 'latency', name: 'Time to answer', high: 84, space: 14, read: (p, d) => { const q = p ?? d.at(-1); return typeof q.p50 !== 'number' ? '–' : [fmt.ms(q.p50), s('tspan', { class: 'u' }, ' · '), fmt.ms(q.p99)]; } },
];

export function time() {
  if (!api.apps.length) { lanes = null; return []; }
  const box = h('figure', { id: 'lanes' }), reading = h('span', { class: 'dim hint' }, READ);
  lanes = new Lanes(box, LANES);
  lanes.moved = (p) => put(reading, p ? `at ${fmt.clock(p.t)}` : READ);
  queueMicrotask(drawn);
  return [h('div', {}, h('div', { class: 'top' }, h('h2', {}, 'Last 15 minutes'), reading), box), h('div', { id: 'history' }, history())];
}
// New samples, without taking the cross-hair away.
export function drawn() {
  if (!lanes || !app()) return;
  const data = seconds(app().id);
  lanes.set(data, api.lost ? (now() - api.lost.since) / 1000 : 0);
}
export function history() {
  const words = (e) => {
    if (e.what === 'up') return [`Up: ${e.text}`, e.took_ms === undefined ? '' : h('small', {}, `took ${fmt.span(e.took_ms)}`)];
    if (e.what === 'lost') return [`Lost: ${e.text}`, e.up_ms === undefined ? '' : h('small', {}, `had been up ${fmt.span(e.up_ms)}; ${fmt.plural(e.calls ?? 0, 'call')} under way`)];
    return [e.attempt ? `Attempt ${e.attempt}: ${e.text}` : e.text];
  };
  const when = (at) => (now() - at > 43200e3 ? `${ago(at)} ago` : fmt.clock(at));
  const shape = { up: 'live', lost: 'down' };
  const list = (app()?.history ?? []).slice(0, 20).map((e) => h('li', {}, h('time', {}, when(e.at)), glyph(shape[e.what] ?? 'trying', null), h('span', {}, words(e))));
  return [h('div', { class: 'top' }, h('h2', {}, 'Link'), h('span', { class: 'dim' }, app()?.conductor ?? '')), list.length ? h('ol', { class: 'history' }, list) : h('p', { class: 'dim' }, 'Nothing has happened yet.')];
}
