//! The schema and the reference: walked from the declarations that the reader uses, and complete.
#![allow(missing_docs)]

mod common;

use common::{around, catalogue, read_text};
use interregnum_scenario::{levers, reference, render, schema};
use serde_json::{Value as Json, json};

/// Calls `visit` with every schema of a key, and the key's name.
fn each_property(schema: &Json, visit: &mut dyn FnMut(&str, &Json)) {
    match schema {
        Json::Object(object) => {
            if let Some(Json::Object(properties)) = object.get("properties") {
                for (name, property) in properties {
                    visit(name, property);
                }
            }
            // What holds under a condition adds to keys that are described where they are declared.
            let schemas =
                object.iter().filter(|(key, _)| !["then", "dependentSchemas"].contains(&key.as_str()));
            schemas.for_each(|(_, value)| each_property(value, visit));
        }
        Json::Array(items) => items.iter().for_each(|item| each_property(item, visit)),
        _ => {}
    }
}

#[test]
fn every_key_is_described() {
    let mut count = 0;
    each_property(&schema(&catalogue()), &mut |name, property| {
        let description = property["description"].as_str().unwrap_or_default();
        assert!(description.ends_with('.'), "`{name}` is described in sentences: {description:?}");
        count += 1;
    });
    assert!(count > 80, "{count} keys");
}

#[test]
fn the_schema_names_what_the_catalogue_names() {
    let schema = schema(&catalogue());
    let at = |path: &str| schema.pointer(path).unwrap_or_else(|| panic!("{path}"));
    assert_eq!(at("/$schema"), "https://json-schema.org/draft/2020-12/schema");
    assert_eq!(at("/required"), &json!(["format", "name", "run"]));
    assert_eq!(at("/properties/format/const"), 1);
    assert_eq!(at("/properties/cluster/properties/nodes/default"), 5);
    assert_eq!(at("/properties/cluster/properties/algorithms/items/enum"), &json!(["raft", "bully"]));
    assert_eq!(at("/properties/parameters/properties/raft/properties/pre_vote/type"), "boolean");
    let bugs = at("/properties/parameters/properties/raft/properties/bug/enum");
    assert_eq!(bugs, &json!(["raft-vote-before-fsync", "raft-count-duplicate-votes"]));
    assert_eq!(at("/properties/network/properties/latency/default"), "500us..1500us");
    assert_eq!(at("/properties/expect/properties/bully/properties/leader_within/type"), "string");
    assert_eq!(at("/properties/fault/items/oneOf").as_array().unwrap().len(), levers().len());
    assert_eq!(at("/additionalProperties"), false);
}

#[test]
fn every_declared_default_is_read() {
    for table in reference() {
        for key in table.keys {
            let Some(default) = key.default else { continue };
            let home = table.name.trim_matches(['[', ']']);
            let line = format!("{} = {default}", key.name);
            let body = match home {
                "the scenario" if ["name", "format", "run"].contains(&key.name) => continue,
                "the scenario" => line,
                "run" => continue,
                "when" => format!("[[fault]]\ncrash = \"leader\"\nwhen = {{ event = \"stood\", {line} }}"),
                "network.link" => format!("[[network.link]]\nfrom = \"all\"\nto = \"all\"\nloss = 0\n{line}"),
                _ => format!("[{home}]\n{line}"),
            };
            let text = around(&body);
            if let Err(remarks) = read_text(&text) {
                panic!("the default of {} {}: {}", table.name, key.name, render(&remarks, &text, false));
            }
        }
    }
}

#[test]
fn every_lever_has_an_example_that_is_read() {
    let names: Vec<&str> = levers().iter().map(|lever| lever.name).collect();
    let expected = [
        "partition",
        "cut",
        "isolate",
        "bridge",
        "ring",
        "majorities-ring",
        "degrade",
        "crash",
        "replace",
        "rollback",
        "restart",
        "pause",
        "freeze",
        "slow-node",
        "clock-step",
        "clock-drift",
        "clock-strobe",
        "disk-stall",
        "disk-slow",
        "disk-lie",
        "transfer",
        "resign",
        "add-node",
        "remove-node",
        "promote",
    ];
    assert_eq!(names, expected);
    for lever in levers() {
        let lasts = if lever.lasts { "\nfor = \"1s\"" } else { "" };
        let text = around(&format!("[[fault]]\nat = \"1s\"\n{}{lasts}", lever.example));
        let (scenario, _) =
            read_text(&text).unwrap_or_else(|remarks| panic!("{}", render(&remarks, &text, false)));
        assert_eq!(scenario.setting.plan.faults.len(), 1, "{}", lever.name);
        assert!(lever.doc.ends_with('.'), "{} is described in sentences", lever.name);
    }
}

#[test]
fn a_rendered_diagnostic_shows_the_line_and_marks_it() {
    let text = around("[[fault]]\nat = \"1s\"\npartiton = [\"leader\", \"rest\"]");
    let remarks = read_text(&text).unwrap_err();
    let expected = "\
error: unknown key `partiton` in [[fault]]
 --> test.toml:5:1
  |
5 | partiton = [\"leader\", \"rest\"]
  | ^^^^^^^^ expected `at`, `when`, `every`, `until`, `times`, `partition`, `cut`, `isolate`, `bridge`, `ring`, `majorities-ring`, \
`degrade`, `crash`, `replace`, `rollback`, `restart`, `pause`, `freeze`, `slow-node`, `clock-step`, `clock-drift`, `clock-strobe`, \
`disk-stall`, `disk-slow`, `disk-lie`, `transfer`, `resign`, `add-node`, `remove-node`, `promote`, `in_flight`, `unsynced`, \
`connections`, `by`, `wake`, `each`, `ppm`, `period`, `clock`, `standing` or `for`
  |
  = help: did you mean `partition`?
";
    assert_eq!(render(&remarks, &text, false), expected);
    assert!(render(&remarks, &text, true).contains("\u{1b}["), "with colours there are escape sequences");
    assert_eq!(render(&[], &text, false), "");
}
