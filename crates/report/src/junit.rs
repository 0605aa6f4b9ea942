//! Results as JUnit XML, for continuous integration: a test case per scenario and algorithm.

use interregnum_campaign::Summary;
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

/// The results of one command as a JUnit document.
pub fn document(summaries: &[Summary]) -> String {
    let mut report = Report::new("interregnum");
    let mut suite = TestSuite::new("scenarios");
    for summary in summaries {
        let status = if summary.as_expected() {
            TestCaseStatus::success()
        } else {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_message(summary.complaints.join("; "));
            status
        };
        let mut case = TestCase::new(format!("{} {}", summary.scenario, summary.algorithm), status);
        case.set_classname(summary.algorithm.clone());
        case.set_time(summary.wall);
        suite.add_test_case(case);
    }
    report.add_test_suite(suite);
    // Every string is escaped by the writer, and it writes to memory.
    report.to_string().unwrap_or_default() + "\n"
}
