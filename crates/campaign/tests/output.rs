//! Drafts and batches: what is kept is whole, what is dropped was never there.

use interregnum_campaign::output::{Batch, Draft, write_whole};
use std::fs;
use std::io::Write as _;
use std::path::Path;

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn a_dropped_draft_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut draft = Draft::create(&folder.path().join("file")).unwrap();
    draft.write_all(b"half").unwrap();
    draft.flush().unwrap();
    drop(draft);
    assert_eq!(names(folder.path()), [""; 0], "neither the file nor its draft");
}

#[test]
fn a_dropped_draft_leaves_the_old_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    fs::write(&path, "old").unwrap();
    let mut draft = Draft::create(&path).unwrap();
    draft.write_all(b"new").unwrap();
    drop(draft);
    assert_eq!(fs::read_to_string(&path).unwrap(), "old", "the file is as it was");
    assert_eq!(names(folder.path()), ["file"], "and alone");
}

#[test]
fn a_kept_draft_is_whole_and_was_not_seen_before() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    let mut draft = Draft::create(&path).unwrap();
    let contents = "a line\n".repeat(100_000);
    draft.write_all(contents.as_bytes()).unwrap();
    assert!(!path.exists(), "nobody sees half of it");
    draft.keep().unwrap();
    assert!(fs::read_to_string(&path).unwrap() == contents, "all of it is there");
    assert_eq!(names(folder.path()), ["file"], "and nothing else");
}

#[test]
fn errors_name_the_file_and_not_its_draft() {
    let folder = tempfile::tempdir().unwrap();
    for path in [folder.path().join("none/file"), folder.path().to_owned()] {
        let error = write_whole(&path, b"").unwrap_err().to_string();
        assert!(error.starts_with(&path.display().to_string()), "{error}");
        assert!(!error.contains(".tmp:"), "{error}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_device_is_an_error_and_stays_a_device() {
    use std::os::unix::fs::FileTypeExt as _;
    let error = write_whole(Path::new("/dev/full"), b"something").unwrap_err().to_string();
    assert!(error.starts_with("/dev/full: "), "{error}");
    assert!(fs::metadata("/dev/full").unwrap().file_type().is_char_device(), "nothing was moved over it");
}

#[test]
fn a_batch_appears_together() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("deep/out");
    let mut batch = Batch::create(&out).unwrap();
    batch.write("one", b"1").unwrap();
    batch.write("sub/two", b"2").unwrap();
    assert!(!out.join("one").exists(), "not before it is published");
    batch.publish(&[]).unwrap();
    assert_eq!(names(&out), ["one", "sub"], "then all of it");
    assert_eq!(fs::read_to_string(out.join("sub/two")).unwrap(), "2", "with its contents");
}

#[test]
fn a_dropped_batch_removes_the_folders_that_it_made() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("mine")).unwrap();
    let mut batch = Batch::create(&folder.path().join("mine/deep/out")).unwrap();
    batch.write("sub/file", b"1").unwrap();
    drop(batch);
    assert_eq!(names(folder.path()), ["mine"], "what was there stays");
    assert_eq!(names(&folder.path().join("mine")), [""; 0], "what was not goes");
}

#[test]
fn a_dropped_batch_spares_a_folder_that_somebody_else_uses() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let batch = Batch::create(&out).unwrap();
    fs::write(out.join("theirs"), "precious").unwrap();
    drop(batch);
    assert_eq!(names(&out), ["theirs"], "the file is not ours to remove");
}

#[test]
fn publishing_removes_what_is_stale() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["stale", "other", "file"] {
        fs::write(folder.path().join(name), "old").unwrap();
    }
    let mut batch = Batch::create(folder.path()).unwrap();
    batch.write("file", b"new").unwrap();
    batch.publish(&[folder.path().join("stale")]).unwrap();
    assert_eq!(names(folder.path()), ["file", "other"], "the stale one is gone");
    assert_eq!(fs::read_to_string(folder.path().join("file")).unwrap(), "new", "the file is replaced");
}

#[test]
fn a_publication_that_fails_leaves_no_part_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut batch = Batch::create(folder.path()).unwrap();
    batch.write("one", b"1").unwrap();
    batch.write("two", b"2").unwrap();
    // Somebody puts a folder in the way after the file was begun.
    fs::create_dir(folder.path().join("two")).unwrap();
    let error = batch.publish(&[]).unwrap_err().to_string();
    assert!(error.contains("two"), "the file is named: {error}");
    assert_eq!(names(folder.path()), ["two"], "the first file is gone again");
}
