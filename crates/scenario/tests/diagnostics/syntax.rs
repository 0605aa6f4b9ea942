//! The file as a whole, its syntax, its keys, its durations.

use crate::common::{around, read_text, remarks};
use crate::{error, file_error, hint};

#[test]
fn an_empty_file_is_said_to_be_empty() {
    for text in ["«»", "«»\n\n", "«»# nothing but a comment\n"] {
        let remark = file_error(text, "the file is empty");
        assert_eq!(remark.expected, "a scenario, which starts with `format = 1`");
    }
}

#[test]
fn a_file_that_is_too_long_is_not_read() {
    let text = format!("«»{}", "#".repeat(2 << 20));
    let remark = file_error(&text, "the file has 2097152 bytes");
    assert_eq!(remark.expected, "at most 1048576 bytes");
}

#[test]
fn a_missing_format_is_missing_at_the_start() {
    file_error("«»name = \"a\"\n[run]\nfor = \"1s\"\n", "the key `format` is missing");
}

#[test]
fn another_format_is_refused_before_all_else() {
    let remark = file_error("format = «2»\nnonsense = 1\n", "format 2 is not known to this version");
    assert_eq!(remark.expected, "`format = 1`");
}

#[test]
fn a_missing_name_and_a_missing_run_are_missing_at_the_start() {
    let text = "«»format = 1\n[run]\nfor = \"1s\"\n";
    file_error(text, "the key `name` is missing");
    file_error("«»format = 1\nname = \"a\"\n", "the key `run` is missing");
}

#[test]
fn a_name_must_fit_a_file_name() {
    let text = "format = 1\nname = «\"Leader Crash\"»\n[run]\nfor = \"1s\"\n";
    let remark = file_error(text, "\"Leader Crash\" is no name for a scenario");
    assert_eq!(remark.expected, "lower-case words joined by hyphens, such as \"leader-crash\"");
}

#[test]
fn an_unknown_key_comes_with_the_nearest_known_one() {
    let remark = error("«sumary» = \"x\"", "unknown key `sumary` in the scenario");
    assert_eq!(hint(&remark), "did you mean `summary`?");
    let remark = error("[[fault]]\nat = \"1s\"\n«partiton» = []", "unknown key `partiton` in [[fault]]");
    assert_eq!(hint(&remark), "did you mean `partition`?");
    assert!(
        remark
            .expected
            .contains("`disk-lie`, `transfer`, `resign`, `add-node`, `remove-node`, `promote`, `in_flight`"),
        "{remark}"
    );
}

#[test]
fn a_misspelt_key_is_not_missing_besides() {
    let remark =
        file_error("format = 1\n«nmae» = \"a\"\n[run]\nfor = \"1s\"\n", "unknown key `nmae` in the scenario");
    assert_eq!(hint(&remark), "did you mean `name`?");
    error(
        "[[fault]]\nat = \"1s\"\ncut = { «form» = \"leader\", to = \"rest\" }",
        "unknown key `form` in cut",
    );
}

#[test]
fn a_key_in_the_wrong_table_is_sent_home() {
    let remark = error("[cluster]\n«heal» = \"2s\"", "unknown key `heal` in [cluster]");
    assert_eq!(hint(&remark), "`heal` belongs to [run]");
}

#[test]
fn levers_of_later_versions_are_unknown_keys() {
    for key in ["corrupt", "skew"] {
        let body = format!("[[fault]]\nat = \"1s\"\n«{key}» = \"leader\"");
        error(&body, &format!("unknown key `{key}` in [[fault]]"));
    }
    for table in ["weather", "tides"] {
        error(&format!("[«{table}»]"), &format!("unknown key `{table}` in the scenario"));
    }
}

#[test]
fn a_value_of_the_wrong_type_names_both() {
    let remark = error("summary = «3»", "unexpected number `3`");
    assert_eq!(remark.expected, "a text");
    let remark = error("cluster = «\"big\"»", "unexpected string `\"big\"`");
    assert_eq!(remark.expected, "the table [cluster]");
    let remark = error("[resource]\nfencing = «\"yes\"»", "unexpected string `\"yes\"`");
    assert_eq!(remark.expected, "true or false");
    error("fault = «{ at = \"1s\" }»", "unexpected table `{ at = \"1s\" }`");
}

#[test]
fn a_duration_needs_a_unit() {
    let remark = error("[workload]\nwrites_every = «\"200\"»", "`200` has no unit");
    assert_eq!(hint(&remark), "did you mean `200ms`?");
    let remark = error("[workload]\nwrites_every = «200»", "`200` has no unit");
    assert_eq!(remark.expected, "a duration longer than zero, such as \"50ms\", or \"never\"");
}

#[test]
fn a_duration_needs_a_unit_that_is_known() {
    let remark = error("[disk]\nfsync = «\"3 msec\"»", "`msec` is not a unit of time");
    assert_eq!(hint(&remark), "did you mean `ms`?");
    error("[disk]\nfsync = «\"soon\"»", "`soon` is not a duration");
    error("[disk]\nfsync = «\"1ms..99999999999s\"»", "`99999999999s` is longer than 30 days");
    error("[disk]\nfsync = «\"0.1ns\"»", "`0.1ns` is finer than a nanosecond");
}

#[test]
fn a_range_runs_forwards() {
    let remark = error("[disk]\nfsync = «\"5ms..1ms\"»", "the range runs backwards");
    assert_eq!(hint(&remark), "did you mean `1ms..5ms`?");
}

#[test]
fn a_period_is_longer_than_zero() {
    error("[workload]\nproposals_every = «\"0ms\"»", "the duration is zero");
}

#[test]
fn syntax_errors_say_where_they_are() {
    let remark = error("summary = «hello»", "`hello` needs quotes");
    assert_eq!(remark.expected, "\"hello\"");
    error("[[fault]]\nat = «2s»\ncrash = \"leader\"", "`2s` needs quotes");
    error("summary = \"a\"\n«summary» = \"b\"", "the key `summary` stands there twice");
    error("[disk]\n[«disk»]", "the key `disk` stands there twice");
}

#[test]
fn one_pass_names_the_mistakes_of_syntax_and_of_meaning() {
    let text = around("[[fault]]\nat = 2s\ncrash = \"leadr\"\n[disk]\nfsync = \"5\"");
    let found: Vec<(usize, String)> = remarks(&text).into_iter().map(|r| (r.line, r.found)).collect();
    let expected = [(4, "2s"), (5, "\"leadr\""), (7, "\"5\"")];
    assert_eq!(found, expected.map(|(line, found)| (line, found.to_owned())));
}

#[test]
fn a_syntax_error_is_not_followed_by_what_it_swallowed() {
    let diagnostics = read_text("format = 1\nname = \"a\"\n[run\nfor = \"1s\"\n").unwrap_err();
    assert!(diagnostics.iter().all(|d| !d.message.contains("missing")), "{diagnostics:#?}");
}

#[test]
fn columns_count_characters_and_spans_count_bytes() {
    let text = around("[cluster]\nzones = { \"grün\" = [1], b = [9] }");
    let remark = remarks(&text).remove(0);
    assert_eq!((remark.line, remark.column, remark.found.as_str()), (4, 30, "9"));
    assert_eq!(&text[remark.span.clone()], "9");
}
