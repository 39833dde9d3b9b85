//! How long answers took, drawn for people.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// How wide the longest bar is.
const BAR: u64 = 40;

/// A bar for each doubling of the time.
pub(super) fn drawing(sorted: &[u32]) -> String {
    let mut bins: BTreeMap<u32, u64> = BTreeMap::new();
    for took in sorted {
        *bins.entry(took.max(&1).ilog2()).or_default() += 1;
    }
    let (Some(first), Some(last)) = (bins.keys().next(), bins.keys().last()) else { return String::new() };
    let most = bins.values().max().copied().unwrap_or(1);
    let mut text = String::new();
    for bin in *first..=*last {
        let count = bins.get(&bin).copied().unwrap_or(0);
        let width = (count * BAR).div_ceil(most) as usize;
        let below = u32::try_from(1_u64 << (bin + 1)).unwrap_or(u32::MAX);
        // Writing to a string cannot fail.
        let _ = writeln!(text, "below {:>8}  {:<40}  {count}", time(below), "█".repeat(width));
    }
    text
}

/// Microseconds in a form that people use.
pub(super) fn time(micros: u32) -> String {
    match micros {
        0..1_000 => format!("{micros} µs"),
        1_000..1_000_000 => format!("{:.1} ms", f64::from(micros) / 1e3),
        _ => format!("{:.1} s", f64::from(micros) / 1e6),
    }
}

/// A number with three digits, or as many as it has before the decimal point.
pub(super) fn rate(number: f64) -> String {
    let decimals = match number {
        _ if number <= 0.0 => 0,
        _ => (2.0 - number.log10().floor()).clamp(0.0, 9.0) as usize,
    };
    format!("{number:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One answer in four seconds was shown as `0 a second`.
    #[test]
    fn a_small_rate_is_not_nothing() {
        let shown =
            [(0.25, "0.250"), (0.0, "0"), (1.5, "1.50"), (33.4, "33.4"), (149.0, "149"), (20_480.7, "20481")];
        for (number, text) in shown {
            assert_eq!(rate(number), text);
        }
    }
}
