//! Every committed input, of seeds and of past failures, through its target: nothing panics, takes too long or too much memory.
#![allow(clippy::unwrap_used, reason = "tests")]

use fuzz_targets::{TARGETS, Target, inputs, measure};

fn replay(target: &Target) -> (usize, usize, Vec<String>) {
    let (mut accepted, mut refused, mut failed) = (0, 0, Vec::new());
    for (name, data) in inputs(target.name).unwrap() {
        match measure(target, &data) {
            Ok(spent) if spent.outcome.accepted => accepted += 1,
            Ok(_) => refused += 1,
            Err(failure) => failed.push(format!("{}/{name}: {failure}", target.name)),
        }
    }
    (accepted, refused, failed)
}

/// One test, since memory is counted for the whole process.
#[test]
fn no_committed_input_breaks_anything() {
    let mut all_failed = Vec::new();
    for target in TARGETS {
        let (accepted, refused, failed) = replay(target);
        all_failed.extend(failed);
        // Seeds that are all refused, or none, try one half of the target only.
        assert!(
            accepted > 0 && refused > 0,
            "{}: {accepted} accepted, {refused} refused",
            target.name
        );
    }
    assert!(all_failed.is_empty(), "{}", all_failed.join("\n"));
}

#[test]
fn a_limit_is_kept_watch_over() {
    let strict = Target {
        memory: 1,
        ..*fuzz_targets::target("text").unwrap()
    };
    assert!(matches!(
        measure(&strict, b"\"a.b\"() : () -> ()"),
        Err(fuzz_targets::Failure::Large(_))
    ));
}

/// Each target has its libFuzzer binary, which calls it, and there is no other.
#[test]
fn every_target_has_its_fuzzer() {
    let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz");
    let manifest = std::fs::read_to_string(dir.join("Cargo.toml")).unwrap();
    let named = manifest
        .lines()
        .filter_map(|l| l.strip_prefix("path = \"fuzz_targets/"));
    let named: Vec<&str> = named.map(|l| l.trim_end_matches(".rs\"")).collect();
    let ours: Vec<&str> = TARGETS.iter().map(|t| t.name).collect();
    assert_eq!(named, ours);
    for name in ours {
        let source = std::fs::read_to_string(dir.join(format!("fuzz_targets/{name}.rs"))).unwrap();
        assert!(
            source.contains(&format!("fuzz_targets::{name}(data)")),
            "{source}"
        );
    }
}
