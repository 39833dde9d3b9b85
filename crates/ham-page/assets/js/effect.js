// What a failed call left on its chain, as far as it is proven: the list of the chains and the side panel show the same.
export const effect = (c) => (c.outcome !== 'unknown' && c.failure.effect === 'nothing' ? 'nothing' : 'unknown');
export const WROTE = {
  nothing: { glyph: 'refused', row: 'not written', side: 'Nothing was written.' },
  unknown: { glyph: 'unknown', row: 'may be written', side: 'Something may have been written.' },
};
