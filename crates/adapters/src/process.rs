//! A process of foreign code: it can panic, and then it is dead until it is started again.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs foreign code. `None` where it panicked; its memory must not be used any more.
pub(crate) fn survives<T>(run: impl FnOnce() -> T) -> Option<T> {
    // What the code had half done is dropped by the caller, whole: nobody sees it broken.
    catch_unwind(AssertUnwindSafe(run)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_ends_the_process_and_not_the_run() {
        assert_eq!(survives(|| 7), Some(7));
        assert_eq!(survives(|| -> u8 { std::panic::resume_unwind(Box::new("over")) }), None);
    }
}
