// A browser, driven over its debugging protocol.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export class Browser {
  static async start(program) {
    const home = mkdtempSync(join(tmpdir(), 'page-'));
    // Over a pipe, so that it ends with whoever started it, however that ends.
    const child = spawn(program, ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run', '--disable-extensions', '--disable-background-networking', '--remote-debugging-pipe', `--user-data-dir=${home}`, 'about:blank'], { detached: true, stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
    return new Browser(child, home, child.stdio[3], child.stdio[4]);
  }
  constructor(child, home, input, output) {
    Object.assign(this, { child, home, input, next: 0, asked: new Map(), tabs: new Map() });
    const ended = (code) => { for (const { reject, method } of this.asked.values()) reject(new Error(`${method}: the browser ended with ${code}`)); this.asked.clear(); };
    child.on('exit', ended);
    child.on('error', ended);
    input.on('error', () => {});                                     // told by its end
    let parts = [];
    output.on('data', (data) => {
      for (let end; (end = data.indexOf(0)) >= 0; data = data.subarray(end + 1)) {
        const text = Buffer.concat([...parts, data.subarray(0, end)]).toString();
        parts = [];
        this.told(JSON.parse(text));
      }
      parts.push(data);
    });
  }
  told(message) {
    if (!message.id) { this.tabs.get(message.sessionId)?.told(message); return; }
    const { resolve, reject, method } = this.asked.get(message.id);
    this.asked.delete(message.id);
    message.error ? reject(new Error(`${method}: ${message.error.message}`)) : resolve(message.result);
  }
  send(method, params = {}, sessionId) {
    const id = ++this.next;
    return new Promise((resolve, reject) => {
      this.asked.set(id, { resolve, reject, method });
      this.input.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    });
  }
  async open(address, { width = 1440, height = 900, dark = false, still = false } = {}) {
    const { targetId } = await this.send('Target.createTarget', { url: 'about:blank' });
    const { sessionId } = await this.send('Target.attachToTarget', { targetId, flatten: true });
    const tab = new Tab(this, sessionId, targetId);
    this.tabs.set(sessionId, tab);
    for (const domain of ['Page', 'Runtime', 'Log']) await tab.send(`${domain}.enable`);
    await tab.size(width, height);
    await tab.send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: dark ? 'dark' : 'light' }, { name: 'prefers-reduced-motion', value: still ? 'reduce' : 'no-preference' }] });
    await tab.send('Page.navigate', { url: address });
    return tab;
  }
  async end() {
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    process.kill(-this.child.pid, 'SIGKILL');
    await ended;
    // Its processes write to its directory until each has ended, and only the kernel can be asked about that.
    for (const bound = Date.now() + 20_000; Date.now() < bound && isThere(-this.child.pid);) await sleep(10);
    rmSync(this.home, { recursive: true, force: true });
  }
}

function isThere(processes) {
  try { return process.kill(processes, 0); } catch { return false; }
}

class Tab {
  constructor(browser, session, target) { Object.assign(this, { browser, session, target, errors: [] }); }
  send(method, params) { return this.browser.send(method, params, this.session); }
  told({ method, params }) {
    if (method === 'Runtime.exceptionThrown') this.errors.push(params.exceptionDetails.exception?.description ?? params.exceptionDetails.text);
    if (method === 'Runtime.consoleAPICalled' && params.type === 'error') this.errors.push(params.args.map((a) => a.value ?? a.description).join(' '));
    // The browser itself notes every answer that is a problem, as those of refused calls are meant to be.
    const refused = params?.entry?.source === 'network' && /\/fns\/|\/v1\/apps$/.test(params.entry.url ?? '');
    if (method === 'Log.entryAdded' && params.entry.level === 'error' && !refused) this.errors.push(`${params.entry.text} ${params.entry.url ?? ''}`);
  }
  async run(code) {
    const { result, exceptionDetails } = await this.send('Runtime.evaluate', { expression: code, awaitPromise: true, returnByValue: true });
    if (exceptionDetails) throw new Error(`${code}: ${exceptionDetails.exception?.description ?? exceptionDetails.text}`);
    return result.value;
  }
  // A tab behind another one draws nothing.
  front() { return this.send('Page.bringToFront'); }
  // Waits for something to be so, asked about once a frame; reaching the bound means that it never will be.
  async until(code, bound = 30000) {
    const found = await this.run(`new Promise((resolve) => { const end = performance.now() + ${bound}; const look = () => { let v; try { v = (${code}); } catch (e) { v = false; } if (v || performance.now() > end) resolve(v); else setTimeout(look, 16); }; look(); })`);
    if (!found) throw new Error(`it did not come to be: ${code}\n${await this.run('document.body.innerText')}\n${this.errors.join('\n')}`);
    return found;
  }
  size(width, height) { return this.send('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile: width < 720 }); }
  async key(key, { ctrl = false, shift = false } = {}) {
    const codes = { Tab: 9, Enter: 13, Escape: 27, ArrowDown: 40, ArrowUp: 38, ArrowLeft: 37, ArrowRight: 39, End: 35, Home: 36 };
    const text = key.length === 1 ? key : key === 'Enter' ? '\r' : undefined;
    const event = { key, code: key.length === 1 ? '' : key, windowsVirtualKeyCode: codes[key] ?? key.toUpperCase().charCodeAt(0), modifiers: (ctrl ? 2 : 0) + (shift ? 8 : 0), text: ctrl ? undefined : text };
    await this.send('Input.dispatchKeyEvent', { type: text && !ctrl ? 'keyDown' : 'rawKeyDown', ...event });
    await this.send('Input.dispatchKeyEvent', { type: 'keyUp', ...event, text: undefined });
  }
  type(text) { return this.send('Input.insertText', { text }); }
  async shot(file) {
    const { writeFileSync } = await import('node:fs');
    writeFileSync(file, Buffer.from((await this.send('Page.captureScreenshot', { format: 'png' })).data, 'base64'));
  }
}
