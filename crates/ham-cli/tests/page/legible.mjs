// Whether a page can be read: run in the page, it answers what has too little contrast.
export const contrast = `(() => {
  const parse = (c) => { const m = c.match(/[\\d.]+/g).map(Number); return { rgb: m.slice(0, 3), a: m[3] ?? 1 }; };
  const light = ([r, g, b]) => { const f = (v) => { v /= 255; return v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; }; return .2126 * f(r) + .7152 * f(g) + .0722 * f(b); };
  const under = (e) => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if (c.a > .9) return c.rgb; } return [255, 255, 255]; };
  const poor = [];
  for (const e of document.body.querySelectorAll('*')) {
    const text = [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
    const box = e.getBoundingClientRect();
    if (!text || !box.width || !box.height || e.closest('.hide, .skip, select, [disabled]') || getComputedStyle(e).visibility === 'hidden') continue;
    const svg = e instanceof SVGElement, colour = parse(getComputedStyle(e)[svg ? 'fill' : 'color']);
    if (colour.a < .1) continue;
    const [x, y] = [light(colour.rgb), light(under(e))].sort((p, q) => q - p), ratio = (x + .05) / (y + .05);
    if (ratio < 4.5) poor.push(e.tagName + '.' + e.className + ' ' + ratio.toFixed(2) + ' ' + e.textContent.slice(0, 30));
  }
  return poor;
})()`;

// A narrow and a wide one.
export const FONTS = [['DejaVu Sans Condensed', 'DejaVu Sans Mono'], ['DejaVu Sans', 'DejaVu Sans Mono']];
export const setFont = ([sans, mono]) => `document.documentElement.style.setProperty('--sans', ${JSON.stringify(sans)}); document.documentElement.style.setProperty('--mono', ${JSON.stringify(mono)})`;
export const fits = 'document.documentElement.scrollWidth <= innerWidth && document.body.scrollWidth <= innerWidth';
