// The page of `ham dev` as a developer uses it, in a browser. Prints what it saw; the first thing that is not so ends it.
import { execFileSync, spawn } from 'node:child_process';
import assert from 'node:assert';
import { Browser } from './browser.mjs';
import { FONTS, contrast, fits, setFont } from './legible.mjs';

const [program, url, pid, adminPort, ham, bundle, shots] = process.argv.slice(2);
const install = (id) => execFileSync(ham, ['app', 'install', bundle, '--app-id', id, '--admin-port', adminPort], { stdio: 'pipe' });
const at = { ...process.env, HOME: process.env.HAM_TEST_HOME, XDG_RUNTIME_DIR: process.env.HAM_TEST_HOME };
const fault = (...args) => execFileSync(ham, ['dev', 'fault', ...args, '--admin-port', adminPort], { stdio: 'pipe', env: at });
const ACTIONS = Number(process.env.HAM_TEST_ACTIONS ?? 1000);
const step = (text) => console.log(text);
const browser = await Browser.start(program);
const clean = (tab) => assert.deepEqual(tab.errors, []);

// Nothing there, then an app, then another agent, while the page is open.
const page = await browser.open(url);
await page.until("document.body.innerText.includes('No app yet')");
const { root } = await page.send('DOM.getDocument');
const { nodeId } = await page.send('DOM.querySelector', { nodeId: root.nodeId, selector: '#bundle' });
await page.send('DOM.setFileInputFiles', { nodeId, files: [process.argv[1]] });
await page.until("document.querySelector('#installing .bad')?.innerText.includes('page.mjs: the app bundle cannot be read')");
const { root: again } = await page.send('DOM.getDocument');
const chosen = await page.send('DOM.querySelector', { nodeId: again.nodeId, selector: '#bundle' });
await page.send('DOM.setFileInputFiles', { nodeId: chosen.nodeId, files: [bundle] });
await page.until("document.querySelectorAll('#rail .agents button').length === 1");
execFileSync(ham, ['app', 'uninstall', 'features', '--admin-port', adminPort], { stdio: 'pipe' });
await page.until("document.body.innerText.includes('No app yet')");
step('a bundle that is chosen is installed, and one that is none is told');
install('first');
await page.until("document.querySelectorAll('#rail .agents button').length === 1 && document.querySelectorAll('.chain .row').length === 1");
install('second');
await page.until("document.querySelectorAll('#rail .agents button').length === 2");
assert.equal(await page.run("document.querySelectorAll('#app .tabs button').length"), 3);
clean(page);
step('an app and an agent appear by themselves');

// A call by keys alone.
const put = async (name, text) => {
  await page.run("document.activeElement.blur(); document.querySelector('#filter').value = ''");
  await page.key('/');
  await page.type(name);
  await page.until(`document.querySelectorAll('#rail .fns button').length >= 1 && document.querySelector('#filter').value === '${name}'`);
  await page.run(`document.querySelector('[data-id="features/${name}"]').click(); document.activeElement.blur()`);
  await page.key('c');
  await page.until("document.activeElement.id === 'payload'");
  await page.run("document.querySelector('#payload').value = ''");
  await page.type(text);
  await page.key('Enter', { ctrl: true });
};
const HOSTILE = '<img src=x onerror=window.bad=1>';
await put('create_note', JSON.stringify(`Rain barrels ${HOSTILE}`));
await page.until("document.querySelector('#answer .verdict')?.innerText.includes('Answered')");
await page.until("[...document.querySelectorAll('.chain .row')].some((r) => r.innerText.includes('create_note') && r.innerText.includes('Rain barrels <img'))");
await page.until("[...document.querySelectorAll('#activity .row')].some((r) => r.querySelector('[aria-label=signal]') && r.innerText.includes('committed'))");
await page.until("document.querySelector('#answer').innerText.includes('Wrote action 6 of Alice')");
step('a call is answered, its signal is seen, its action is drawn');
await put('guest_error', JSON.stringify(HOSTILE));
await page.until("document.querySelector('#answer .out.bad')?.innerText.includes('<img src=x') && document.querySelector('#answer').innerText.includes('Nothing was written.')");
await page.until("document.querySelectorAll('.chain .failed').length === 1");
assert.equal(await page.run('document.images.length'), 0);
assert.equal(await page.run('window.bad'), undefined);
await put('trace_all', '"lines"');
await page.until("[...document.querySelectorAll('#activity .row')].some((r) => r.innerText.includes('warn lines') && r.innerText.includes('trace.rs:'))");
await page.run("document.querySelector('#payload').focus(); document.querySelector('#payload').value = '{'; document.querySelector('#payload').dispatchEvent(new Event('input'))");
assert.ok(await page.run("document.querySelector('#call').disabled && document.querySelector('#payload-note').innerText.includes('Not JSON yet')"));
clean(page);
step('what a zome says is text; failures and logs are told');

// Values that stopped the page: more than a call takes arguments, marks that are none, an integer that browsers round.
await page.run(`(async () => {
  const { agents } = await (await fetch('/api/dev/v1/state')).json();
  // A function that is there would log all of the list.
  for (const [fn, body] of [['none', JSON.stringify(Array(32000).fill(7))], ['guest_error', '{"$bytes":null,"x":1}'], ['guest_error', '{"$hash":{"length":20},"x":1}'], ['guest_error', '{"long":18446744073709551615}']])
    await fetch('/api/v1/apps/first/roles/features/zomes/features/fns/' + fn, { method: 'POST', headers: { 'Content-Type': 'application/json', 'Ham-Agent': agents[0].key }, body });
})()`);
await page.until("document.querySelectorAll('.chain .failed').length === 5");
for (const [row, text] of ['long: 18446744073709551615', 'length: 20', '$bytes: null', 'and 31,500 more'].entries()) {
  await page.run(`document.querySelectorAll('.chain .failed')[${row}].click()`);
  await page.until(`document.querySelector('.side pre[aria-label=Argument]')?.innerText.includes(${JSON.stringify(text)})`);
  if (row) continue;
  await page.run("[...document.querySelectorAll('.side button')].find((b) => b.innerText === 'Edit and call again').click()");
  assert.equal(await page.run("document.querySelector('#payload').value"), '{\n  "long": 18446744073709551615\n}');
}
await page.run("document.querySelector('.back').click()");
clean(page);
step('values of every kind are drawn, and sent again as they were');

// Roles, one after the other faster than they are read; and an address that says nothing.
const said = "[...document.querySelectorAll('#log-tabs .n')].map((n) => n.innerText).join()", before = await page.run(said);
await page.run(`(() => {
  window.lost = 0;
  new MutationObserver(() => { window.lost += document.querySelector('#banner').hidden ? 0 : 1; }).observe(document.querySelector('#banner'), { attributes: true });
  const tabs = document.querySelectorAll('#app .tabs button');
  tabs[1].click(); tabs[2].click();
})()`);
await page.until("document.querySelectorAll('#app .tabs button')[2].ariaSelected === 'true' && document.querySelectorAll('.chain .failed').length === 0");
await page.run("document.querySelectorAll('#app .tabs button')[1].click(); document.querySelectorAll('#app .tabs button')[0].click()");
await page.until("document.querySelectorAll('#app .tabs button')[0].ariaSelected === 'true' && document.querySelectorAll('.chain .failed').length === 5");
await page.until(`(${said}) === '${before}'`);
assert.equal(await page.run('window.lost'), 0);
clean(page);
const odd = await browser.open(`${url}#100%`);
await odd.until("document.querySelectorAll('.chain .row').length > 0");
clean(odd);
await browser.send('Target.closeTarget', { targetId: odd.target });
step('roles are changed without losing ham dev, and every address shows the page');

// Keys.
await page.run("document.querySelector('#payload').value = ''; document.querySelector('#payload').dispatchEvent(new Event('input')); document.activeElement.blur()");
await page.key('2');
await page.until("!document.querySelector('#dht').hidden && document.querySelectorAll('.dht .dot').length >= 3");
// From type to type, round and back.
await page.run("document.querySelector('svg.dht').focus()");
await page.key('Home');
await page.until("document.querySelector('.dht .halo')");
const types = new Set();
const halo = "[...document.querySelectorAll('.dht .halo')].map((c) => c.getAttribute('cx') + ' ' + c.getAttribute('cy')).join()";
const first = await page.run(halo);
do { await page.key(']'); types.add(await page.run(halo)); } while (!types.has(first) && types.size < 20);
assert.ok(types.has(first) && types.size >= 2, [...types].join('; '));
await page.key('[');
assert.equal(await page.run(halo), [...types].at(-2));
await page.key('Escape');
await page.until("!document.querySelector('.dht .halo')");
await page.run('document.activeElement.blur()');
await page.key('1');
await page.until("!document.querySelector('#chains').hidden");
await page.key('a');
await page.until("document.querySelector('.side').innerText.includes('called as Bob')");
await page.key('f');
await page.until("!document.querySelector('[data-id=fold]').checked");
await page.key('f');
await page.key('3');
await page.until("document.activeElement.id === 'activity'");
await page.key('ArrowDown');
await page.until("document.querySelector('#activity .row[aria-selected=true]') && document.querySelector('.back')");
await page.key('Escape');
await page.until("!document.querySelector('.back')");
await page.run('document.activeElement.blur()');
await page.key('?', { shift: true });
await page.until("document.querySelector('dialog').open");
await page.key('Escape');
await page.until("!document.querySelector('dialog').open");
await page.run("document.querySelector('.skip').focus()");
const stops = [];
for (let i = 0; i < 60 && stops.at(-1) !== 'log-tabs'; i += 1) {
  await page.key('Tab');
  stops.push(await page.run("(() => { const e = document.activeElement; return e.closest('#log-tabs') ? 'log-tabs' : e.id || e.dataset.id || e.className; })()"));
}
for (const stop of ['filter', 'tab-chains', 'chain', 'payload', 'call', 'log-tabs']) assert.ok(stops.includes(stop), `${stop} is not among ${stops}`);
step(`${stops.length} stops of the Tab key to the activity`);

// Who stands somewhere stays there while rows come.
await page.run("document.querySelector('#rail .agents button').focus()");
const where = await page.run('document.activeElement.dataset.id');
await page.run(`(async () => {
  const { agents } = await (await fetch('/api/dev/v1/state')).json();
  for (let i = 0; i < ${ACTIONS / 2}; i += 1) await fetch('/api/v1/apps/first/roles/features/zomes/features/fns/two_notes', { method: 'POST', headers: { 'Content-Type': 'application/json', 'Ham-Agent': agents[i % 9 ? 0 : 1].key }, body: JSON.stringify('note ' + i) });
})()`);
await page.until(`document.querySelector('#rail .agents').innerText.includes('actions') && [...document.querySelectorAll('#rail .agents .small')].reduce((n, e) => n + parseInt(e.innerText.replace(',', '')), 0) > ${ACTIONS}`, 60000);
assert.equal(await page.run('document.activeElement.dataset.id'), where);
const took = await page.run(`(async () => {
  const { chains, dht } = await import('/assets/js/dev.js');
  const time = (run) => { const from = performance.now(); for (let i = 0; i < 5; i += 1) run(); return +((performance.now() - from) / 5).toFixed(1); };
  chains.fold = false;
  const rows = time(() => chains.update()), scroll = time(() => chains.rows.paint());
  document.querySelector('#tab-dht').click();
  const drawing = time(() => dht.draw());
  document.querySelector('#tab-chains').click();
  chains.fold = true; chains.update();
  return { count: chains.api.actions.length, rows, scroll, drawing };
})()`);
assert.ok(took.rows < 500 && took.scroll < 500 && took.drawing < 1000, JSON.stringify(took));
clean(page);
step(`${took.count} actions: new rows ${took.rows} ms, scroll ${took.scroll} ms, DHT ${took.drawing} ms`);

// The overview under a mouse and under a finger.
await page.run("document.activeElement.blur()");
await page.key('f');
await page.until("!document.querySelector('[data-id=fold]').checked");
const [left, top, wide] = await page.run("(() => { const r = document.querySelector('svg.over').getBoundingClientRect(); return [r.left, r.top + r.height / 2, r.width]; })()");
const scrolled = "document.querySelector('#chain').scrollTop";
const mouse = (type, x, more) => page.send('Input.dispatchMouseEvent', { type, x, y: top, button: 'left', clickCount: 1, ...more });
const touch = (type, x) => page.send('Input.dispatchTouchEvent', { type, touchPoints: type === 'touchEnd' ? [] : [{ x, y: top }] });
await mouse('mousePressed', left + 90);
await page.until(`${scrolled} > 10000`);
await mouse('mouseMoved', left + wide - 20, { buttons: 1 });
await page.until(`${scrolled} < ${Math.max(1000, ACTIONS)}`);
await mouse('mouseReleased', left + wide - 20);
await mouse('mouseMoved', left + 90);
await page.send('Emulation.setTouchEmulationEnabled', { enabled: true });
await touch('touchStart', left + 90);
await page.until(`${scrolled} > 10000`);
await touch('touchMove', left + wide - 20);
await page.until(`${scrolled} < ${Math.max(1000, ACTIONS)}`);
await touch('touchEnd');
await page.send('Emulation.setTouchEmulationEnabled', { enabled: false });
await page.run("document.activeElement.blur()");
await page.key('f');
await page.until("document.querySelector('[data-id=fold]').checked");
clean(page);
step('the overview is dragged with a mouse and with a finger');

// Faults that another terminal asks for.
const banner = "document.querySelector('#banner')";
const text = `${banner}.innerText.replace(/\\s+/g, ' ')`;
const says = (words) => page.until(`!${banner}.hidden && ${text}.includes(${JSON.stringify(words)})`);
fault('delay', '1500ms');
await says('Faults are on. Answers come');
fault('signals', 'dropped');
await says('Signals are thrown away');
fault('host', 'create', '--times', '2');
await says('create fails in its next 2 calls');
if (shots) await page.shot(`${shots}/faults.png`);
assert.ok(await page.run(fits));
assert.deepEqual(await page.run(contrast), []);
await put('create_note', '"it fails"');
await says('create fails in its next call (');
const late = await browser.open(url);
await late.until(`!${banner}.hidden && ${text}.includes('create fails in its next call')`);
await browser.send('Target.closeTarget', { targetId: late.target });
await put('create_note', '"it fails again"');
await page.until(`!${text}.includes('create')`);
fault('delay', 'off');
fault('signals', 'sent');
await page.until(`${banner}.hidden`);
clean(page);
step('faults are shown while they are on');

// Every width, both schemes: nothing hangs out, everything can be read.
for (const [width, height] of [[360, 740], [1000, 800], [1440, 900]]) {
  for (const dark of [false, true]) {
    const tab = await browser.open(url, { width, height, dark, still: true });
    await tab.until("document.querySelectorAll('.chain .row').length > 3 && document.querySelectorAll('#activity .row').length > 3");
    for (const font of FONTS) {
      await tab.run(setFont(font));
      const views = width < 720 ? ['chains', 'dht', 'side', 'log'] : ['chains', 'dht'];
      for (const view of views) {
        await tab.run(width < 720 ? `document.querySelector('[data-to=${view}]').click()` : `document.querySelector('#tab-${view}').click()`);
        assert.ok(await tab.run(fits), `${view} hangs out at ${width}`);
        assert.deepEqual(await tab.run(contrast), [], `${view} at ${width}, dark: ${dark}`);
        if (shots) await tab.shot(`${shots}/${width}-${view}${dark ? '-dark' : ''}-${font[0].split(' ').at(-1)}.png`);
      }
    }
    assert.equal(await tab.run('document.getAnimations().length'), 0);
    clean(tab);
    await browser.send('Target.closeTarget', { targetId: tab.target });
  }
}
step('360, 1000 and 1440 px, light and dark, a narrow and a wide font: nothing hangs out, every text has a contrast of 4.5, nothing moves');

// Chains that are read anew number their actions anew, and calls still name what they wrote.
install('third');
await page.until("document.querySelectorAll('#rail .agents button').length === 3");
const strange = await page.run(`(async () => {
  const get = async (path) => (await fetch('/api/dev/v1/' + path)).json();
  const { actions } = await get('first/features/actions?limit=1000'), { calls } = await get('calls?limit=1000');
  const by = new Map(actions.map((a) => [a.hash, a])), strange = [];
  for (const c of calls) for (const hash of c.wrote) if (by.has(hash) && (by.get(hash).agent !== c.agent || by.get(hash).call !== c.id)) strange.push([c.id, hash]);
  return { strange, compared: calls.filter((c) => c.wrote.some((hash) => by.has(hash))).length };
})()`);
assert.deepEqual(strange.strange, []);
assert.ok(strange.compared > 100, JSON.stringify(strange));
step('calls name what they wrote after chains were read anew');

// The end of the server, while it runs a call.
await put('endless_loop', '');
await page.until("document.querySelector('#call').innerText.includes('Calling')");
// What is not known stands at the top, and rows out of sight are not drawn.
await page.run("document.querySelector('#chain').scrollTop = 0");
process.kill(Number(pid), 'SIGKILL');
await page.until("!document.querySelector('#banner').hidden && document.querySelector('#banner').innerText.includes('lost contact with ham dev')", 2000);
await page.until("document.querySelector('.chain .row.hatch')?.innerText.includes('Unknown since') && document.querySelector('#call').disabled");
await page.until("document.querySelector('#answer .verdict').innerText.includes('Unknown: it may have run') && document.querySelector('#call').innerText.includes('may run twice')");
if (shots) await page.shot(`${shots}/lost.png`);
step('a killed server is told within 2 s, and its call is unknown');

// Another one at the same address: the page goes on by itself, and says so.
const returned = spawn(ham, ['dev', '--page-port', new URL(url).port, '--json'], { stdio: ['ignore', 'pipe', 'inherit'], env: at });
await page.until(`${text}.includes('ham dev is back. It was away for')`, 60000);
await page.until("document.body.innerText.includes('No app yet')");
if (shots) await page.shot(`${shots}/back.png`);
await page.run("document.querySelector('#seen').click()");
await page.until("document.querySelector('#banner').hidden");
returned.kill('SIGKILL');
step('one that is back is told');
await browser.end();
