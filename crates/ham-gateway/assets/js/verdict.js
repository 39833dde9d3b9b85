// One sentence for the whole, then what to do. The sentence is true for the worst thing there is.

import { api, now } from './api.js';
import { fmt, glyph, h } from './ui.js';

export const ago = (t) => fmt.span(Math.max(0, now() - t));
export const sum = (data, of) => data.reduce((n, d) => n + (d[of] ?? 0), 0);

const say = (shape, title, text) => h('div', { class: 'say' }, glyph(shape, null), h('h1', {}, title), h('p', {}, text));
const todo = (...items) => h('div', { class: 'do' }, h('h3', {}, 'What to do'), h('ul', {}, items.map((i) => h('li', {}, i))));
const code = (text) => h('code', {}, text);

export function verdict() {
  if (api.lost) return lost();
  const down = api.apps.filter((a) => a.link.state !== 'live');
  const roles = api.apps.flatMap((a) => a.roles.filter((r) => !r.callable && a.link.state === 'live').map((r) => ({ ...r, app: a })));
  const unknown = api.doubtful.filter((c) => c.outcome === 'unknown');
  if (!api.apps.length) return [say('not_run', 'No app is set up yet.', 'The gateway is running, but it has no app to call: every call is refused with 404.'), todo(['Try one at once: ', code('ham gateway --dev --app my.happ')], ['Or name one in the configuration, under ', code('[[app]]'), ', and restart the gateway.'])];
  if (down.length) return unreachable(down);
  if (api.store?.away) return [say('warn', 'Calls with a key are refused.', `The disk of the outbox has failed: ${api.store.away}. Calls without a key keep working, and what was accepted is safe.`), todo('Free some space, or repair the disk of the state directory; the gateway needs no restart.')];
  if (unknown.length) return [say('unknown', `${unknown.length === 1 ? 'One call' : `${unknown.length} calls`} may have run, and nobody can tell.`, 'The link was lost at the wrong moment. Such a call cannot start any more, but only the chain shows whether it ran.'), todo('Look for it on the chain before you repeat it under a new key.', [h('a', { href: '#doubtful' }, 'The calls in question'), ' are below.'])];
  const all = api.apps.flatMap((a) => a.roles).length;
  if (roles.length) return [say('warn', `${all - roles.length} of ${all} roles can be called.`, `${roles[0].app.id}/${roles[0].role}: ${roles[0].why}.`), roles[0].fix ? todo(['If that was not meant: ', code(roles[0].fix)]) : null];
  return [say('answered', 'Everything can be called.', `${fmt.plural(api.apps.length, 'app')}, ${fmt.plural(all, 'role')}.`)];
}

function lost() {
  const all = api.apps.flatMap((a) => a.roles), good = all.filter((r) => r.callable).length;
  const before = all.length ? ` ${ago(api.lost.since)} ago, ${good} of ${fmt.plural(all.length, 'role')} could be called. Nothing below is newer than that.` : '';
  return [say('unknown', 'What can be called is unknown.', `The gateway does not answer this page.${before}`), todo(['Is the gateway running? ', code('systemctl status ham-gateway')], 'Accepted calls are on disk; it continues with them after a restart.')];
}

function unreachable(down) {
  const { id, conductor, link } = down[0];
  const next = link.next ? ` The gateway tries again in ${fmt.span(Math.max(0, link.next - now()))}.` : '';
  const queued = api.open.filter((c) => c.state === 'queued').length;
  return [
    say('down', down.length === api.apps.length ? 'Nothing can be called.' : `${id} cannot be called.`, `The conductor${conductor ? ` at ${conductor.replace(/^wss?:\/\/|\/$/g, '')}` : ''} has not answered for ${ago(link.since)}${link.cause ? `: ${link.cause}` : ''}.${next} Calls are answered 503 (not run); asynchronous ones are accepted and wait: ${fmt.count(queued)} do.`),
    todo('Is the conductor running? Start it; the gateway needs no restart.', [code('ham doctor'), ' names the step that fails.'], 'Calls of unknown outcome settle by themselves once the link is back.'),
  ];
}
