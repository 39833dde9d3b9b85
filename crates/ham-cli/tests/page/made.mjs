// The page that `ham new` makes, in a browser, beside the page of `ham dev`: what one writes, the other draws.
import assert from 'node:assert';
import { Browser } from './browser.mjs';

const [program, made, dev, text, shots] = process.argv.slice(2);
const browser = await Browser.start(program);
const page = await browser.open(dev);
const window = await browser.open(made);
await window.until("document.querySelector('ul').children.length > 0");
const before = await window.run("document.querySelectorAll('li').length");
await window.run("document.querySelector('input').focus()");
await window.type(text);
await window.key('Enter');
// It reads its list again only when the signal comes.
await window.until(`[...document.querySelectorAll('li')].some((item) => item.innerText === ${JSON.stringify(text)})`);
assert.equal(await window.run("document.querySelectorAll('li').length"), before + 1);
assert.equal(await window.run("document.querySelector('[role=status]').innerText"), '');
assert.deepEqual(window.errors, []);
console.log('a note is written, its signal is seen, the list has it');
await page.front();
await page.until(`[...document.querySelectorAll('.chain .row')].some((row) => row.innerText.includes('create_note') && row.innerText.includes(${JSON.stringify(text)}))`);
await page.until("[...document.querySelectorAll('#activity .row')].some((row) => row.querySelector('[aria-label=signal]'))");
assert.deepEqual(page.errors, []);
console.log('the chain is drawn with it');
if (shots) await page.shot(`${shots}/made-dev.png`);
if (shots) await window.front();
if (shots) await window.shot(`${shots}/made.png`);
await browser.end();
