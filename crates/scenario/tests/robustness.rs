//! No text makes the reader panic, and whatever it refuses it gives a reason for.
#![allow(missing_docs)]

mod common;

use common::{around, catalogue, read_text};
use interregnum_scenario::{Severity, nearest, read, render};
use std::path::Path;

/// Reads and renders, and holds what must hold of any text.
fn survive(text: &str) {
    let diagnostics = match read_text(text) {
        Ok((_, diagnostics)) => {
            assert!(diagnostics.iter().all(|d| d.severity != Severity::Error), "{text}\n{diagnostics:#?}");
            diagnostics
        }
        Err(diagnostics) => {
            assert!(
                diagnostics.iter().any(|d| d.severity == Severity::Error),
                "a refusal without a reason:\n{text}"
            );
            diagnostics
        }
    };
    for diagnostic in &diagnostics {
        assert!(
            text.get(diagnostic.span.clone()).is_some(),
            "a span outside of the text: {diagnostic}\n{text}"
        );
        assert!(diagnostic.line >= 1 && diagnostic.column >= 1, "{diagnostic}");
    }
    render(&diagnostics, text, true);
}

/// A scenario that uses every table and most keys.
fn everything() -> String {
    around(
        "summary = \"Ünïcödé\"\n[cluster]\nnodes = 4\nzones = { A = [1, 2], B = [3, 4] }\nalgorithms = [\"raft\"]\n\
         profile = \"matched\"\n[parameters.raft]\nelection_timeout = \"150ms..300ms\"\nlogs = [[1], [1, 2]]\n\
         bug = \"raft-vote-before-fsync\"\n[network]\nloss = 0.01\nreorder = { probability = 0.1, delay = \"5ms\" }\n\
         latency = { rtt_csv = \"rtt.csv\", local = \"1ms\", resource_zone = \"A\" }\n\
         [[network.link]]\nfrom = \"zone A\"\nto = \"resource\"\nlatency = { exponential = { mean = \"3ms\", min = \"1ms\" } }\n\
         [disk]\nfsync = { empirical = [\"1ms\", \"2ms\"] }\n[clock]\noffset = \"-5ms..5ms\"\ndrift_ppm = \"-10..10\"\n\
         [workload]\nwrites_every = \"20ms\"\n\
         [[fault]]\nat = \"1s\"\npartition = [[\"leader\", \"random(1)\"], \"rest\"]\nfor = \"1s\"\nin_flight = \"drop\"\n\
         [[fault]]\nat = \"2s\"\nevery = \"1s\"\ntimes = 3\ncut = { from = \"all\", to = \"leader\" }\nfor = \"9ms\"\n\
         [[fault]]\nat = \"2s\"\nbridge = { left = \"node 1\", bridge = \"node 2\", right = \"rest\" }\n\
         [[fault]]\nat = \"3s\"\ncrash = \"zone B\"\nunsynced = \"lost\"\n\
         [[fault]]\nwhen = { event = \"stood\", count = 2, of = \"old-leader\", after = \"9ms\" }\npause = \"subject\"\n\
         [[fault]]\nwhen = { phase = \"vote-queued\" }\nclock-step = \"subject\"\nby = \"-5ms\"\n\
         [[fault]]\nat = \"3s\"\ndegrade = { from = \"all\", to = \"all\", loss = 0.1, only = \"RequestVote\" }\n\
         [nemesis]\nfaults = [\"crash\"]\nevery = \"1s..2s\"\n\
         [expect]\nleader_within = \"1s\"\nfailover = { p99 = \"1s\", never = \"== 0\" }\nsplit_votes = \"<= 5\"\n\
         [expect.raft]\nviolated = [\"vote-once\"]\n",
    )
}

#[test]
fn the_text_that_is_mutilated_below_is_sound() {
    let (_, remarks) = read_text(&everything()).unwrap();
    assert!(remarks.iter().all(|remark| remark.severity == Severity::Note), "{remarks:#?}");
}

#[test]
fn every_prefix_is_survived() {
    let text = everything();
    for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)) {
        survive(&text[..end]);
        survive(&text[end..]);
    }
}

#[test]
fn every_missing_or_altered_byte_is_survived() {
    let text = everything();
    let replacements =
        [&b""[..], b"\"", b"[", b"]", b"{", b"}", b"=", b".", b"\n", b"0", b"-", b"\0", "é".as_bytes()];
    // Every byte goes once, and every byte becomes one of the others in turn.
    for at in 0..text.len() {
        for replacement in [replacements[0], replacements[1 + at % (replacements.len() - 1)]] {
            let mut bytes = text.clone().into_bytes();
            bytes.splice(at..=at, replacement.iter().copied());
            if let Ok(mutilated) = String::from_utf8(bytes) {
                survive(&mutilated);
            }
        }
    }
}

/// A small generator of numbers, so that the loops below need no dependency and repeat themselves.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }
}

#[test]
fn shuffled_pieces_are_survived() {
    let text = everything();
    let pieces: Vec<&str> = text.split_inclusive([' ', '\n', '[', ']', '{', '}', ',', '"', '=']).collect();
    let mut numbers = Numbers(7);
    for _ in 0..5_000 {
        let count = numbers.below(60) + 1;
        let mut mixture = String::from("format = 1\nname = \"a\"\n");
        mixture.extend((0..count).map(|_| pieces[numbers.below(pieces.len())]));
        survive(&mixture);
    }
}

#[test]
fn swapped_values_are_survived() {
    let text = everything();
    let values: Vec<&str> =
        text.lines().filter_map(|line| line.split_once(" = ")).map(|(_, value)| value).collect();
    let lines: Vec<&str> = text.lines().collect();
    for at in 0..lines.len() {
        let Some((key, _)) = lines[at].split_once(" = ") else { continue };
        for value in values.iter().copied().chain([
            "[]",
            "{}",
            "[[]]",
            "-1",
            "1979-05-27",
            "nan",
            "0x1f",
            "\"\"",
            "'..'",
        ]) {
            let mut changed: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
            changed[at] = format!("{key} = {value}");
            survive(&changed.join("\n"));
        }
    }
}

#[test]
fn every_prefix_of_the_standard_scenarios_is_survived() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            let text = std::fs::read_to_string(&path).unwrap();
            for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)) {
                survive(&text[..end]);
            }
        }
    }
}

#[test]
fn deep_nesting_is_refused() {
    for (open, close) in [("[", "]"), ("{ a = ", " }")] {
        survive(&format!("fault = {}{}", open.repeat(50_000), close.repeat(50_000)));
        survive(&format!("fault = {}", open.repeat(50_000)));
    }
    survive(&format!("{} = 1", vec!["a"; 50_000].join(".")));
    survive(&format!("[{}]", vec!["a"; 50_000].join(".")));
}

#[test]
fn any_content_of_a_named_file_is_survived() {
    let text = around(
        "[cluster]\nnodes = 1\nzones = { A = [1] }\n[network]\nlatency = { rtt_csv = \"t\", resource_zone = \"A\" }",
    );
    for content in [
        "",
        "\n",
        "from,to,rtt_ms",
        "from,to,rtt_ms\n\"",
        "\0",
        "from,from,to,rtt_ms\nA,A,A,99999999999999999999\n",
    ] {
        let mut load = |_: &str| Ok(content.to_owned());
        let refused = read("t.toml", &text, &catalogue(), &mut load).is_err();
        assert!(refused, "{content:?} is no table of round trips");
    }
}

#[test]
fn remarks_are_bounded_and_the_rest_is_counted() {
    let text = around(&"[[fault]]\nat = \"1s\"\ncrash = \"leadr\"\n".repeat(1_500));
    let remarks = read_text(&text).unwrap_err();
    assert_eq!(remarks.len(), 1_000);
    assert_eq!(remarks[999].message, "there are 501 more remarks than these");
    survive(&"name = a b\n".repeat(90_000));
    survive(&"a = [".repeat(200_000));
    survive(&around(&format!("summary = {{ {} }}", "x = 1, ".repeat(100_000))));
}

#[test]
fn a_long_word_has_no_nearest() {
    assert_eq!(nearest(&"partition".repeat(10_000), ["partition"]), None);
}
