// Server-sent events by `fetch`, which can carry a key and reports how it failed; and what keeps such a stream up.

import { parse } from './ui.js';

// Reads one stream to its end: `told(event, data, id)` for each message. A server that sends nothing for longer than `silence` is
// gone: it sends a sign of life at least every fifteen seconds. `opened` is awaited before the first message.
export async function read(url, { headers = {}, abort, silence = 20e3, opened }, told) {
  let timer, reader;
  const quiet = () => { clearTimeout(timer); timer = setTimeout(() => abort.abort(), silence); };
  try {
    quiet();
    const answer = await fetch(url, { signal: abort.signal, headers: { Accept: 'text/event-stream', ...headers } });
    if (!answer.ok) throw Object.assign(new Error(`status ${answer.status}`), { status: answer.status });
    await opened?.();
    reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let text = ''; ;) {
      const { value, done } = await reader.read();
      if (done || abort.signal.aborted) return;
      quiet();
      text += value;
      const blocks = text.split('\n\n');
      text = blocks.pop();
      for (const block of blocks) {
        const fields = Object.fromEntries(block.split('\n').map((l) => { const i = l.indexOf(':'); return [l.slice(0, i), l.slice(i + 2)]; }));
        if (fields.event) told(fields.event, parse(fields.data), fields.id);
      }
    }
  } finally { clearTimeout(timer); reader?.cancel().catch(() => {}); }
}

// Runs `run` for ever: again after half a second, doubling to five; at once when the browser is back online, the tab is
// shown, or the returned function is called. `run` returns whether it was meant to end. `lost(next)` is told when the
// next attempt is.
export function keep(run, lost) {
  let wake = () => {};
  const retry = () => wake();
  window.addEventListener('online', retry);
  document.addEventListener('visibilitychange', () => { if (!document.hidden) retry(); });
  (async () => {
    for (let pause = 500; ;) {
      const begun = Date.now();
      let meant = false;
      try { meant = await run(); } catch { /* told below */ }
      if (meant) continue;
      if (Date.now() - begun > 2000) pause = 500;
      lost(Date.now() + pause);
      await new Promise((resolve) => { wake = resolve; setTimeout(resolve, pause); });
      pause = Math.min(5000, pause * 2);
    }
  })();
  return retry;
}
