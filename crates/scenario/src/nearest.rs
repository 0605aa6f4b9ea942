//! The known word that a misspelt one was probably meant to be.

/// The nearest of the known words, if any is near enough to be worth proposing: at most one slip per three letters.
pub fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    // A word of the file may be arbitrarily long, and the comparison takes quadratic time.
    if word.chars().count() > 64 {
        return None;
    }
    let folded = word.to_lowercase().replace('_', "-");
    let allowed = folded.chars().count().div_ceil(3);
    known
        .into_iter()
        .map(|candidate| {
            (strsim::osa_distance(&folded, &candidate.to_lowercase().replace('_', "-")), candidate)
        })
        .filter(|(distance, candidate)| *distance <= allowed && *distance < candidate.chars().count())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// "did you mean `...`?", where a known word is near.
pub(crate) fn did_you_mean<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<String> {
    nearest(word, known).map(|candidate| format!("did you mean `{candidate}`?"))
}

/// The words as an enumeration: "`a`, `b` or `c`".
pub(crate) fn any_of(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        None => "nothing".to_owned(),
        Some((only, [])) => only.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_its_word_and_a_stranger_does_not() {
        let known = ["partition", "crash", "disk-stall", "heal"];
        for (word, expected) in [
            ("partiton", Some("partition")),
            ("Partition", Some("partition")),
            ("disk_stall", Some("disk-stall")),
            ("hael", Some("heal")),
            ("meteor", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, known), expected, "nearest to `{word}`");
        }
    }

    #[test]
    fn words_are_enumerated_in_english() {
        assert_eq!(any_of(&["a", "b", "c"]), "`a`, `b` or `c`");
        assert_eq!(any_of(&["a"]), "`a`");
    }
}
