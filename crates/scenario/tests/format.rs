//! The canonical form of scenario files: what it looks like, that no comment is lost, and that it is its own.
#![allow(missing_docs)]

use interregnum_scenario::format;

/// The canonical form, which is its own and has all comments.
#[track_caller]
fn formatted(text: &str) -> String {
    let once = format("test.toml", text).unwrap_or_else(|remarks| panic!("{text}\n{remarks:#?}"));
    let twice = format("test.toml", &once).unwrap_or_else(|remarks| panic!("{once}\n{remarks:#?}"));
    assert_eq!(twice, once, "the canonical form of a canonical form is itself");
    let mut comments = comments_of(text);
    let mut kept = comments_of(&once);
    comments.sort();
    kept.sort();
    assert_eq!(kept, comments, "every comment is kept, once:\n{once}");
    assert!(
        once.is_empty() || once.ends_with('\n') && !once.ends_with("\n\n"),
        "one newline at the end:\n{once:?}"
    );
    assert!(once.lines().all(|line| line.trim_end() == line), "no trailing spaces:\n{once:?}");
    once
}

/// The comments of a text whose strings have no `#`.
fn comments_of(text: &str) -> Vec<String> {
    text.lines()
        .filter_map(|line| line.split_once('#'))
        .map(|(_, comment)| comment.trim().to_owned())
        .collect()
}

#[track_caller]
fn formats(text: &str, expected: &str) {
    assert_eq!(formatted(text), expected);
}

#[test]
fn tables_and_keys_are_in_the_order_of_their_declaration() {
    formats(
        "name = \"a\"\nformat = 1\n[run]\nheal = \"1s\"\nfor = \"2s\"\n[[fault]]\nfor = \"1s\"\nin_flight = \"drop\"\n\
         isolate = \"leader\"\nat = \"1s\"\n[cluster]\nnodes = 3\n",
        "format = 1\nname = \"a\"\n\n[cluster]\nnodes = 3\n\n[[fault]]\nat = \"1s\"\nisolate = \"leader\"\n\
         in_flight = \"drop\"\nfor = \"1s\"\n\n[run]\nfor = \"2s\"\nheal = \"1s\"\n",
    );
    formats(
        "[[fault]]\nat = \"1s\"\n[run]\nfor = \"1s\"\n[[fault]]\nat = \"2s\"\n",
        "[[fault]]\nat = \"1s\"\n\n[[fault]]\nat = \"2s\"\n\n[run]\nfor = \"1s\"\n",
    );
}

#[test]
fn keys_in_braces_are_too() {
    formats(
        "[[fault]]\ncut = {to=\"rest\",symmetric=true,from=\"leader\"}\nwhen={after=\"1s\",elections=2}\n",
        "[[fault]]\nwhen = { elections = 2, after = \"1s\" }\ncut = { from = \"leader\", to = \"rest\", symmetric = true }\n",
    );
    formats(
        "network.latency = { spread = \"1ms\", rtt_csv = \"a\" }\n",
        "network.latency = { rtt_csv = \"a\", spread = \"1ms\" }\n",
    );
}

#[test]
fn what_is_not_known_stays_last_in_its_order() {
    formats(
        "zzz = 1\naaa = 2\nname = \"a\"\n[weather]\nz = 1\na = 2\n[run]\nwind = 1\nfor = \"1s\"\n[expect.zab]\n\
         [expect.raft]\nsplit_votes = \"<= 1\"\nviolated = []\n[expect]\n",
        "name = \"a\"\nzzz = 1\naaa = 2\n\n[run]\nfor = \"1s\"\nwind = 1\n\n[expect]\n\n[expect.zab]\n\n[expect.raft]\n\
         violated = []\nsplit_votes = \"<= 1\"\n\n[weather]\nz = 1\na = 2\n",
    );
}

#[test]
fn spaces_are_of_one_kind() {
    formats(
        "  format=1\t\n\tname   =   \"a\"\n\n\n\n[ run ]   \n  for=\"1s\"  # why  \n[ cluster . zones ]\na=[ 1,2 , 3, ]\n",
        "format = 1\nname = \"a\"\n\n[cluster.zones]\na = [1, 2, 3]\n\n[run]\nfor = \"1s\" # why\n",
    );
    formats("format = 1\r\n# c\r\n\r\n\r\nname = \"a\"\r\n", "format = 1\n# c\n\nname = \"a\"\n");
    formats(
        "cluster = { zones={\"a b\"=[1],b=[]}, nodes=3 }",
        "cluster = { nodes = 3, zones = { \"a b\" = [1], b = [] } }\n",
    );
}

#[test]
fn what_is_written_in_a_way_stays_in_it() {
    let text = "[parameters.raft]\na = 0x1f\nb = 1_000\nc = 'literal'\nd = \"\"\"\ntwo  \nlines\"\"\"\ne = 1e3\n\"f g\" = {}\n";
    assert_eq!(format("test.toml", text).unwrap(), text);
}

#[test]
fn the_top_of_the_file_stays_there() {
    formats(
        "# About the file.\n\n# More.\nname = \"a\"\nformat = 1\n",
        "# About the file.\n\n# More.\nformat = 1\nname = \"a\"\n",
    );
    formats("\n\n# About.\n\n\n[run]\nfor = \"1s\"\n", "# About.\n\n[run]\nfor = \"1s\"\n");
    formats("# Only this.", "# Only this.\n");
    formats("\n\n", "");
    formats("", "");
}

#[test]
fn a_comment_moves_with_what_it_stands_above() {
    formats(
        "format = 1\n\n# Of the run.\n# Still.\n[run] # header\n# Of the heal.\nheal = \"1s\"\nfor = \"2s\" # end\n\n\
         # A paragraph.\n\n# Of the cluster.\n[cluster]\nnodes = 3\n",
        "format = 1\n\n# A paragraph.\n\n# Of the cluster.\n[cluster]\nnodes = 3\n\n# Of the run.\n# Still.\n\
         [run] # header\nfor = \"2s\" # end\n# Of the heal.\nheal = \"1s\"\n",
    );
}

#[test]
fn a_comment_below_a_table_stays_below_it() {
    formats(
        "format = 1\n[run]\nfor = \"2s\"\n# heal = \"1s\"\n\n[cluster]\nnodes = 3\n# the end",
        "format = 1\n\n[cluster]\nnodes = 3\n# the end\n\n[run]\nfor = \"2s\"\n# heal = \"1s\"\n",
    );
    formats(
        "format = 1\n# name = \"a\"\n\n[run]\nfor = \"2s\"\n\n# the end\n",
        "format = 1\n# name = \"a\"\n\n[run]\nfor = \"2s\"\n\n# the end\n",
    );
    formats(
        "format = 1\n# of the run\n[run]\nfor = \"2s\"\n",
        "format = 1\n\n# of the run\n[run]\nfor = \"2s\"\n",
    );
}

#[test]
fn comments_within_a_list_keep_their_elements() {
    formats(
        "cluster.algorithms = [ # which\n  \"raft\", # first\n\n # second\n\"zab\" # last\n # after\n ]\n",
        "cluster.algorithms = [\n    # which\n    \"raft\", # first\n    # second\n    \"zab\", # last\n    # after\n]\n",
    );
    formats(
        "[[fault]]\npartition = [ [\"leader\" # who\n], [\"rest\"]]\n",
        "[[fault]]\npartition = [\n    [\n        \"leader\", # who\n    ],\n    [\"rest\"],\n]\n",
    );
    formats("a = [ # none\n]\n", "a = [\n    # none\n]\n");
    formats("a = [1 # one\n, # comma\n2]\n", "a = [\n    1, # one\n    # comma\n    2,\n]\n");
}

#[test]
fn comments_within_braces_move_with_their_keys() {
    formats(
        "[[fault]]\nwhen = {\n # how long\n after = \"1s\", # later\n elections = 2 # what\n}\n",
        "[[fault]]\nwhen = {\n    elections = 2, # what\n    # how long\n    after = \"1s\", # later\n}\n",
    );
}

#[test]
fn a_list_that_is_too_long_has_one_element_a_line() {
    let names: Vec<String> = (0..12).map(|n| format!("\"node-number-{n}\"")).collect();
    let text = format!("a = [{}]\n", names.join(","));
    let expected = format!("a = [\n    {},\n]\n", names.join(",\n    "));
    formats(&text, &expected);
    let inner = format!("a = {{ b = [{}] }}\n", names.join(", "));
    formats(&inner, &format!("a = {{ b = [\n    {},\n] }}\n", names.join(",\n    ")));
}

#[test]
fn dotted_keys_and_tables_out_of_order_keep_what_they_mean() {
    formats(
        "run.heal = \"1s\"\nformat = 1\nrun.for = \"2s\"\n[network.latency]\nrtt_csv = \"a\"\n[network]\nloss = 0\n\
         [[network.link]]\nto = \"all\"\nfrom = \"all\"\n",
        "format = 1\nrun.for = \"2s\"\nrun.heal = \"1s\"\n\n[network]\nloss = 0\n\n[network.latency]\nrtt_csv = \"a\"\n\n\
         [[network.link]]\nfrom = \"all\"\nto = \"all\"\n",
    );
    formats(
        "[[fault]]\nat = \"1s\"\n[fault.cut]\nto = \"rest\"\nfrom = \"leader\"\n[[fault]]\n# c\n[fault.cut]\nfrom = \"all\"\n",
        "[[fault]]\nat = \"1s\"\n\n[fault.cut]\nfrom = \"leader\"\nto = \"rest\"\n\n[[fault]]\n\n# c\n[fault.cut]\nfrom = \"all\"\n",
    );
}

#[test]
fn what_is_no_toml_is_refused() {
    for text in [
        "name = a b\n",
        "[run\n",
        "a = 1\na = 2\n",
        "a = [1\n",
        "[a]\n[a]\n",
        "a = \"\u{1}\"\n",
        "[a]\nb.c = 1\n[a.b]\n",
    ] {
        let remarks = format("test.toml", text).expect_err(text);
        assert!(!remarks.is_empty(), "{text}: a reason is given");
    }
}
