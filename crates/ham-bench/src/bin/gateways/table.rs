//! Figures as docs/benchmarks.md has them.

use crate::wrk::Measured;

/// Two of them, side by side; of the second there may be none.
pub(crate) struct Row {
    pub(crate) what: String,
    pub(crate) first: Vec<Measured>,
    pub(crate) second: Vec<Measured>,
}

pub(crate) fn print(title: &str, [first, second]: [&str; 2], rows: &[Row]) {
    println!("\n{title}\n");
    println!(
        "| | {first} | p50 | p99 | failed | {second} | p50 | p99 | failed | {first} ÷ {second} | p99 {first} ÷ {second} |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|");
    for Row { what, first, second } in rows {
        let ratio = |of: fn(&Measured) -> f64| match (median(first, of), median(second, of)) {
            (Some(first), Some(second)) => format!("{:.2}×", first / second),
            _ => "–".to_owned(),
        };
        println!(
            "| {what} | {} | {} | {} | {} |",
            columns(first),
            columns(second),
            ratio(|measured| measured.a_second),
            ratio(|measured| measured.p99),
        );
    }
    println!();
}

/// The median of each figure, of the rate also the least and the greatest.
fn columns(measured: &[Measured]) -> String {
    let Some(rate) = median(measured, |measured| measured.a_second) else {
        return "– | – | – | –".to_owned();
    };
    let rates = || measured.iter().map(|measured| measured.a_second);
    let (least, greatest) = (rates().fold(f64::INFINITY, f64::min), rates().fold(0.0, f64::max));
    let of = |figure: fn(&Measured) -> f64| median(measured, figure).unwrap_or_default();
    let failed: f64 = measured.iter().map(|measured| measured.failed).sum();
    format!(
        "{rate:.0}/s ({least:.0} to {greatest:.0}) | {:.2} ms | {:.2} ms | {failed}",
        of(|measured| measured.p50),
        of(|measured| measured.p99),
    )
}

fn median(measured: &[Measured], of: fn(&Measured) -> f64) -> Option<f64> {
    let mut figures: Vec<f64> = measured.iter().map(of).collect();
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied()
}
