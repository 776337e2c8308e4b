//! The committed inputs: `fuzz/corpus/TARGET/*` to start from, `fuzz/regressions/TARGET/*` that once failed.

use std::path::{Path, PathBuf};

fn fuzz_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz")
}

/// Where a target's seeds are.
pub fn corpus_dir(target: &str) -> PathBuf {
    fuzz_dir().join("corpus").join(target)
}

/// Where a target's failures are, fixed or not.
pub fn regressions_dir(target: &str) -> PathBuf {
    fuzz_dir().join("regressions").join(target)
}

/// All committed inputs of a target by file name, in the order of their names; none of a folder that is not there.
///
/// # Errors
/// If a file cannot be read.
pub fn inputs(target: &str) -> std::io::Result<Vec<(String, Vec<u8>)>> {
    let mut found = Vec::new();
    for dir in [corpus_dir(target), regressions_dir(target)] {
        if !dir.is_dir() {
            continue;
        }
        let mut paths = Vec::new();
        for entry in std::fs::read_dir(&dir)? {
            paths.push(entry?.path());
        }
        paths.sort();
        for path in paths {
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            // `.gitkeep` keeps a folder that has no inputs yet.
            if !name.starts_with('.') {
                found.push((name, std::fs::read(&path)?));
            }
        }
    }
    Ok(found)
}
