//! Panics of a life, including those that tokio catches in a task.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

thread_local! {
    /// What panicked on this thread while panics were caught here.
    static CAUGHT: RefCell<Option<Vec<String>>> = const { RefCell::new(None) };
}

/// Runs `f` and returns its value, if there is one, and every panic on this thread meanwhile. Prints none of them.
pub(crate) fn caught<T>(f: impl FnOnce() -> T) -> (Option<T>, Vec<String>) {
    install();
    let outer = CAUGHT.replace(Some(Vec::new()));
    let value = catch_unwind(AssertUnwindSafe(f)).ok();
    (value, CAUGHT.replace(outer).unwrap_or_default())
}

fn install() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = take_hook();
        set_hook(Box::new(move |panic| {
            let text = panic.to_string().replace('\n', " ");
            let here = CAUGHT.with(|caught| {
                let Ok(mut caught) = caught.try_borrow_mut() else { return false };
                caught.as_mut().map(|panics| panics.push(text)).is_some()
            });
            if !here {
                before(panic);
            }
        }));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panics_are_counted_and_the_value_is_lost() {
        assert_eq!(caught(|| 7), (Some(7), Vec::new()));
        let (value, panics) = caught(|| panic!("no {}", 3));
        let () = value.unwrap_or(());
        assert!(panics.len() == 1 && panics[0].ends_with("no 3"), "{panics:?}");
    }
}
