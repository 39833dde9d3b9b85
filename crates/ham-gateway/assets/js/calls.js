// Calls that are under way, and those of which the chain has to be asked.

import { api, cancel, now } from './api.js';
import { $, announce, fmt, h, put, state } from './ui.js';
import { ago } from './verdict.js';

let asking = null, told = null;
const time = (t) => (typeof t === 'string' ? Date.parse(t) : t);
const name = (c) => h('code', {}, `${c.role}/${c.zome}/`, h('b', {}, c.fn));
const heads = (titles) => titles.map((t) => h('th', { scope: 'col' }, t));

export function doubtful() {
  if (!api.doubtful.length) return [];
  const n = api.doubtful.filter((c) => c.outcome === 'unknown').length;
  const row = (c) => {
    const unknown = c.outcome === 'unknown';
    return h('tr', {}, h('td', {}, state(c.outcome, unknown ? 'Unknown' : 'Arrived'), h('span', { class: 'small' }, unknown ? 'may have run; cannot start now' : 'ran at most once; answer lost')),
      h('td', { class: 'wide' }, c.app, ' ', name(c), h('span', { class: 'small' }, c.id)), h('td', { class: 'drop' }, h('code', {}, c.idempotency_key ?? '–'), h('span', { class: 'small' }, c.key ?? '')),
      h('td', { class: 'dim wide' }, c.why ?? ''), h('td', { class: 'drop' }, c.settled_at ? `${ago(time(c.settled_at))} ago` : ''));
  };
  return [h('div', { class: 'top' }, h('h2', {}, 'Look at the chain'), h('span', { class: 'dim' }, `ended without an answer in the last 24 h: ${fmt.count(n)} unknown, ${fmt.count(api.doubtful.length - n)} arrived`)),
    h('table', {}, h('thead', {}, h('tr', {}, heads(['Outcome', 'Call', 'Key', 'Why', 'Settled']))), h('tbody', {}, api.doubtful.map(row)))];
}

const STATES = { queued: ['queued', 'Waiting for the conductor', 'not sent; nothing has run'], signed: ['open', 'Sent, waiting for its answer', 'the same bytes go out again after an outage'], fencing: ['unknown', 'Being settled', 'it may have run; the gateway finds out whether it arrived'] };
const CONFIRM = { queued: 'It was not sent and will not run.', signed: 'It was sent and cannot be called back: its answer is kept if one comes. Once its link is gone, the gateway makes sure that it cannot start later.', fencing: 'It was sent, and no answer comes any more. It is being settled already; if it did not run, this keeps it from being made again.' };
const again = () => put($('#open'), open());

export function open() {
  if (!api.apps.length) return [];
  const rows = api.open.slice(0, 20), more = api.open.length - rows.length;
  const top = h('div', { class: 'top' }, h('h2', {}, 'Open calls'), h('span', { class: 'dim' }, api.open.length ? `${fmt.count(api.open.length)}${api.more ? ' and more' : ''}, oldest first` : ''), told ? h('span', { class: 'push dim', role: 'status' }, told) : null);
  if (!rows.length) return [top, h('p', { class: 'dim' }, 'None. Every accepted call has finished.')];
  return [top, h('table', {}, h('thead', {}, h('tr', {}, heads(['State', 'Call', 'Key', 'Age', 'Tries', 'Tries end']), h('th', {}, h('span', { class: 'hide' }, 'Cancel')))), h('tbody', {}, rows.map((c) => (asking === c.id ? sure(c) : row(c))))),
    more > 0 ? h('p', { class: 'queue' }, `and ${fmt.count(more)} younger`) : null];
}
function row(c) {
  const [shape, word, note] = STATES[c.state] ?? STATES.signed, until = time(c.deliver_until);
  return h('tr', {}, h('td', {}, state(shape, word), h('span', { class: 'small' }, note)), h('td', { class: 'wide' }, c.app, ' ', name(c), h('span', { class: 'small' }, c.id)),
    h('td', { class: 'drop' }, h('code', {}, c.idempotency_key ?? '–'), h('span', { class: 'small' }, c.key ?? '')), h('td', { 'data-label': 'Age' }, ago(time(c.accepted_at))), h('td', { class: 'drop' }, c.attempts || 'none yet'),
    h('td', { class: 'drop' }, until > now() ? `in ${fmt.span(until - now())}` : 'ended'),
    h('td', { class: 'num end' }, h('button', { class: 'btn', 'data-id': `cancel-${c.id}`, 'aria-label': `Cancel ${c.fn} ${c.idempotency_key ?? c.id}`, onclick: () => { asking = c.id; again(); $('#yes').focus(); } }, 'Cancel')));
}
function sure(c) {
  const [shape, word] = STATES[c.state] ?? STATES.signed;
  const yes = async () => {
    asking = null;
    try { const settled = await cancel(c.id); told = settled.outcome ? `${c.fn}: ${settled.outcome}` : settled.state === 'signed' ? `${c.fn} was sent; its answer is kept if one comes` : `${c.fn} is being settled`; } catch (error) { told = `${c.fn} was not cancelled: ${error.message}`; }
    announce(told);
    again();
  };
  return h('tr', {}, h('td', { class: 'wide' }, state(shape, word)), h('td', { class: 'wide' }, c.app, ' ', name(c)), h('td', { colspan: 5, class: 'wide' },
    h('div', { class: 'sure' }, h('p', {}, CONFIRM[c.state]), h('button', { class: 'btn danger', id: 'yes', 'data-id': 'yes', onclick: yes }, 'Cancel call'), h('button', { class: 'btn', 'data-id': 'keep', onclick: () => { asking = null; again(); } }, 'Keep'))));
}
