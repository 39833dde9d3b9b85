use ham::CallError;

use super::*;
use crate::demo::probe::Kind;

#[test]
fn ids_are_unique_and_reasons_bounded() {
    let ledger = Ledger::new(255);
    assert_eq!([ledger.open(), ledger.open()], ["ff-1", "ff-2"]);
    for number in 0..100 {
        let mut told = Told::default();
        told.hear(&Err::<(), _>(CallError::Encode(format!("reason {number}"))));
        ledger.close(ledger.open(), Call::patient(Kind::Fail), told, false);
    }
    let calls = ledger.compare(&HashMap::new());
    assert_eq!((calls.not_run, calls.reasons.len()), (100, MAX_REASONS + 1));
    assert_eq!(calls.reasons.values().sum::<u32>(), 100);
}
