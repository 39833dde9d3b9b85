// The gateway's page as an operator uses it, in a browser. Prints what it saw; the first thing that is not so ends it.
import assert from 'node:assert';
import { Browser } from './browser.mjs';
import { FONTS, contrast, fits, setFont } from './legible.mjs';

const [program, url, conductor, gateway, nats, key, shots] = process.argv.slice(2);
const step = (text) => console.log(text);
const browser = await Browser.start(program);
const clean = (tab) => assert.deepEqual(tab.errors.filter((error) => !/status of (401|503)|ERR_CONNECTION_REFUSED|ERR_INCOMPLETE/.test(error)), []);

// Without a key it shows nothing; with a wrong one it says so.
const page = await browser.open(url);
await page.until("document.activeElement.id === 'key'");
assert.ok(!(await page.run("document.body.innerText")).includes('features'));
await page.type('ham_nobody_0000000000000000000000000000000000000000000');
await page.key('Enter');
await page.until("document.querySelector('#key-note')?.innerText.includes('is unknown')");
await page.run("document.querySelector('#key').value = ''; document.querySelector('#key').focus()");
await page.type(key);
await page.key('Enter');
await page.until("document.querySelector('#verdict h1')?.innerText === 'Everything can be called.'");
step('it asks for a key, and with it says that everything can be called');

// A call and its event.
const call = (fn, payload) => page.run(`fetch('/api/v1/apps/features/roles/features/zomes/features/fns/${fn}', { method: 'POST', headers: { 'Content-Type': 'application/json', Authorization: 'Bearer ${key}' }, body: ${JSON.stringify(JSON.stringify(payload))} }).then((answer) => answer.status)`);
assert.equal(await call('create_note', '<img src=x onerror=window.bad=1>'), 200);
await page.until("[...document.querySelectorAll('#events .row')].some((row) => row.querySelector('[aria-label=event], [aria-label=block]'))");
await page.until("[...document.querySelectorAll('.lanes .now')].some((text) => /^0\\.[1-9]/.test(text.textContent))");
assert.equal(await page.run('window.bad'), undefined);
assert.equal(await page.run('document.images.length'), 0);
step('a call is counted, its event is shown, and what a zome says is text');

// Keys.
await page.run('document.activeElement.blur()');
await page.key('t');
await page.until("document.activeElement.classList.contains('lanes')");
await page.key('ArrowLeft');
await page.until("document.querySelector('.lanes').getAttribute('aria-valuetext').includes('Answered')");
await page.run('document.activeElement.blur()');
await page.key('e');
await page.until("document.activeElement.id === 'events'");
await page.run('document.activeElement.blur()');
await page.key('p');
await page.until("document.querySelector('#pause').innerText.startsWith('Go on')");
assert.equal(await call('create_note', 'held'), 200);
await page.until("/Go on \\(\\d+ newer\\)/.test(document.querySelector('#pause').innerText)");
await page.key('p');
await page.until("document.querySelector('#pause').innerText === 'Pause'");
await page.key('?', { shift: true });
await page.until("document.querySelector('dialog').open");
await page.key('Escape');
await page.run("document.querySelector('.skip').focus()");
const stops = [];
for (let i = 0; i < 40 && stops.at(-1) !== 'events'; i += 1) {
  await page.key('Tab');
  stops.push(await page.run('document.activeElement.id || document.activeElement.dataset.id || document.activeElement.getAttribute("class") || ""'));
}
for (const stop of ['help', 'app-features', 'lanes', 'pause', 'events']) assert.ok(stops.some((id) => id.includes(stop)), `${stop} is not among ${stops}`);
// Who stands somewhere stays there while figures come.
await page.run("document.querySelector('[data-id=app-features]').focus()");
await page.run("new Promise((resolve) => { let left = 3; const seen = new MutationObserver(() => { if ((left -= 1) === 0) { seen.disconnect(); resolve(); } }); seen.observe(document.querySelector('#apps'), { childList: true }); })");
assert.equal(await page.run('document.activeElement.dataset.id'), 'app-features');
clean(page);
step(`${stops.length} stops of the Tab key to the events, and each key does what it says`);

// Every width, both schemes, two fonts.
for (const [width, height] of [[360, 740], [1000, 800], [1440, 900]]) {
  for (const dark of [false, true]) {
    const tab = await browser.open(url, { width, height, dark, still: true });
    await tab.until("document.activeElement.id === 'key'");
    assert.deepEqual(await tab.run(contrast), []);
    await tab.type(key);
    await tab.key('Enter');
    await tab.until("document.querySelector('#verdict h1')?.innerText === 'Everything can be called.' && document.querySelector('.lanes')");
    for (const font of FONTS) {
      await tab.run(setFont(font));
      assert.ok(await tab.run(fits), `it hangs out at ${width}`);
      assert.deepEqual(await tab.run(contrast), [], `${width}, dark: ${dark}`);
      if (shots) await tab.shot(`${shots}/status-${width}${dark ? '-dark' : ''}-${font[0].split(' ').at(-1)}.png`);
    }
    assert.equal(await tab.run('document.getAnimations().length'), 0);
    clean(tab);
    await browser.send('Target.closeTarget', { targetId: tab.target });
  }
}
step('360, 1000 and 1440 px, light and dark, a narrow and a wide font: nothing hangs out, every text has a contrast of 4.5, nothing moves');

// NATS: a server that goes takes nothing else with it.
const shown = "[...document.querySelectorAll('#aside section')].find((part) => part.querySelector('h2').textContent === 'NATS')?.querySelector('p').textContent";
await page.until(`/^Reached for .*; [1-9]\\d* messages? published\\.$/.test(${shown})`);
process.kill(Number(nats), 'SIGKILL');
await page.until(`${shown}.startsWith('Away for ')`, 2000);
assert.equal(await page.run("document.querySelector('#verdict h1').innerText"), 'Everything can be called.');
if (shots) await page.shot(`${shots}/status-nats.png`);
step('NATS is shown as reached, and as away within 2 s once it is killed');

// The conductor is killed, and then the gateway.
process.kill(Number(conductor), 'SIGKILL');
await page.until("document.querySelector('#verdict h1').innerText === 'Nothing can be called.'", 2000);
await page.until("[...document.querySelectorAll('#events .row.hatch, #events .gaprow')].some((row) => row.innerText.includes('Gap'))");
await page.until("document.querySelectorAll('.lanes .lost').length > 0");
if (shots) await page.shot(`${shots}/status-down.png`);
assert.equal(await call('create_note', 'nobody'), 503);
step('a killed conductor is told within 2 s, with a gap in the events');
process.kill(Number(gateway), 'SIGKILL');
await page.until("!document.querySelector('#banner').hidden && document.querySelector('#verdict h1').innerText === 'What can be called is unknown.'", 2000);
if (shots) await page.shot(`${shots}/status-lost.png`);
step('a killed gateway is told within 2 s');
await browser.end();
