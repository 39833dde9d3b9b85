// What the page says of a chain, before and after a restart with the same data.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import assert from 'node:assert';
import { Browser } from './browser.mjs';

const [program, ham, bundle, data] = process.argv.slice(2);
const env = { ...process.env, HOME: process.env.HAM_TEST_HOME, XDG_RUNTIME_DIR: process.env.HAM_TEST_HOME };
async function start(...more) {
  const child = spawn(ham, ['dev', '--json', '--data', data, ...more], { stdio: ['ignore', 'pipe', 'inherit'], env });
  const [line] = await once(createInterface(child.stdout), 'line');
  return { child, ...JSON.parse(line) };
}
const browser = await Browser.start(program);
const call = (page, fn, payload) => page.run(`fetch('/api/v1/apps/features/roles/features/zomes/features/fns/${fn}', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: ${JSON.stringify(JSON.stringify(payload))} }).then((answer) => answer.text())`);

const first = await start('--app', bundle);
const page = await browser.open(first.page);
await page.until("document.querySelectorAll('.chain .row').length === 1");
for (const text of ['one', 'two']) await call(page, 'create_note', text);
await page.until("[...document.querySelectorAll('.chain .row')].filter((row) => row.innerText.includes('create_note')).length === 2");

// Case: names of link types lay over one another in the drawing of the DHT.
const note = JSON.parse(await call(page, 'create_note', 'linked'));
for (const [fn, more] of [['link_notes', { tag: { $bytes: 'dA==' } }], ['link_verdict', { verdict: { name: 'x', rules: [] } }]]) await call(page, fn, { base: note, target: note, ...more });
await page.run("document.querySelector('#tab-dht').click()");
await page.until("document.querySelectorAll('.dht text.edge').length === 2");
const [upper, lower] = await page.run("[...document.querySelectorAll('.dht text.edge')].map((text) => { const { top, bottom } = text.getBoundingClientRect(); return [top, bottom]; }).sort((a, b) => a[0] - b[0])");
assert.ok(upper[1] <= lower[0], `${upper} over ${lower}`);
await page.run("document.querySelector('#tab-chains').click()");
console.log('no name of a link type lies over another');

// Case: the list said "not written" of it, and the side "Something may have been written."
const nowhere = { $hash: 'uhCkkbGoWc-BgVMHOJ4UABXev43LAO_QZZFK1gbdg54oRoXKkVTZZ' };
const answer = await call(page, 'create_verdict', { name: 'x', rules: [{ op: 'CreateRecord', outcome: { Unresolved: [nowhere] } }] });
assert.ok(answer.includes('DepMissingFromDht') && answer.includes('"effect":"nothing"'), answer);
await page.until("document.querySelectorAll('.chain .failed').length === 1");
assert.ok(await page.run("document.querySelector('.chain .failed').innerText.includes('not written')"));
await page.run("document.querySelector('.chain .failed').click()");
await page.until("document.querySelector('.side .verdict')");
assert.ok(await page.run("document.querySelector('.side').innerText.includes('Nothing was written.')"));
assert.deepEqual(page.errors.filter((error) => !error.includes('status of 4')), []);
console.log('the list and the side say the same of a call that failed');
first.child.kill('SIGINT');
await once(first.child, 'exit');
await browser.send('Target.closeTarget', { targetId: page.target });

// Case: calls of one second were one row without a function.
const second = await start();
const later = await browser.open(second.page);
await later.until("document.querySelectorAll('.chain .row').length > 3");
const rows = await later.run("[...document.querySelectorAll('.chain .row')].map((row) => row.innerText.replace(/\\s+/g, ' '))");
for (const text of ['one', 'two', 'linked']) assert.equal(rows.filter((row) => row.includes(text) && row.includes('Create note') && row.includes('call unknown')).length, 1, rows.join('\n'));
assert.equal(rows.filter((row) => row.includes('Genesis')).length, 1, rows.join('\n'));
assert.equal(rows.filter((row) => row.includes('Init')).length, 1, rows.join('\n'));
assert.equal(rows.length, 7, rows.join('\n'));
assert.deepEqual(later.errors, []);
console.log('actions whose calls are not known are shown one by one');
second.child.kill('SIGINT');
await once(second.child, 'exit');
await browser.end();
