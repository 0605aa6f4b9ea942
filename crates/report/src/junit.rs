//! Results as JUnit XML, for continuous integration: a test case per scenario and algorithm. What
//! is not promised in a world like the scenario's, and what runs reached that the scenario asks for, is in its output.

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
        let engine = if summary.engine.is_default() { String::new() } else { format!(" {}", summary.engine) };
        let name = format!("{} {}{engine}", summary.scenario, summary.algorithm);
        let mut case = TestCase::new(name, status);
        case.set_classname(summary.algorithm.clone());
        case.set_time(summary.wall);
        let notes = notes(summary);
        if !notes.is_empty() {
            case.set_system_out(notes);
        }
        suite.add_test_case(case);
    }
    report.add_test_suite(suite);
    // Every string is escaped by the writer, and it writes to memory.
    report.to_string().unwrap_or_default() + "\n"
}

/// A line for each promise that does not hold in the scenario's world, and for each goal.
fn notes(summary: &Summary) -> String {
    let runs = summary.seeds.count;
    let withheld = summary.invariants.iter().filter(|one| !one.not_promised_because.is_empty());
    let withheld =
        withheld.map(|one| format!("{} is not promised under: {}\n", one.name, one.not_promised_because));
    let goals = summary.goals.iter().filter(|goal| goal.asked);
    let goals = goals.map(|goal| format!("{} happened in {} of {runs} runs\n", goal.name, goal.runs));
    withheld.chain(goals).collect()
}
