//! What a test needs beyond Rust: programs in `PATH`, and the data that lies beside the repository.
//!
//! A test that needs something asks first, and returns when it is not there. The question itself says on the standard error output, past
//! the test harness, which test did not run and why; so a plain `cargo test` lists them all. With `THUMBWRIGHT_REQUIRE_TOOLS=1` in the
//! environment, as `make test` sets it after it has installed the programs, a missing program is a failure. Data beside the repository
//! is never required: it belongs to others.
//!
//! ```
//! fn the_firmware_runs() {
//!     if !prerequisites::programs("the_firmware_runs", &["arm-none-eabi-gcc", "qemu-system-arm"]) {
//!         return;
//!     }
//!     // …
//! }
//! # the_firmware_runs();
//! ```
//!
//! Invariant: only tests depend on this crate, and it depends on nothing.

mod mlir_opt;

pub use mlir_opt::{Verdict, mlir_opt, mlir_opt_each};

use std::io::Write;
use std::path::{Path, PathBuf};

/// The variable that turns a missing program into a failure when it is `1`.
pub const REQUIRE_TOOLS: &str = "THUMBWRIGHT_REQUIRE_TOOLS";

/// Whether all of `programs` are in `PATH`; if not, the test of that name is listed as not run.
///
/// # Panics
/// If one is missing and [`REQUIRE_TOOLS`] is `1`.
pub fn programs(test: &str, programs: &[&str]) -> bool {
    let missing: Vec<&str> = programs
        .iter()
        .copied()
        .filter(|p| !is_in_path(p))
        .collect();
    if missing.is_empty() {
        return true;
    }
    let why = format!("{} not in PATH", missing.join(" and "));
    assert!(
        !tools_are_required(),
        "{test}: {why}, and {REQUIRE_TOOLS}=1"
    );
    not_run(test, &why);
    false
}

/// Whether a missing program must fail the test instead of leaving it out.
pub fn tools_are_required() -> bool {
    std::env::var_os(REQUIRE_TOOLS).is_some_and(|v| v == "1")
}

/// A file or directory of the data that lies beside the repository (`<workspace>/../shared`); if it is not there, the test of that name is listed as not run.
pub fn shared(test: &str, path: &str) -> Option<PathBuf> {
    let full = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared")
        .join(path);
    if full.exists() {
        return Some(full);
    }
    not_run(test, &format!("../shared/{path} is not there"));
    None
}

/// Says that a test, or a part of it, does not run. Past the test harness, which swallows what a passing test prints.
pub fn not_run(test: &str, why: &str) {
    // A closed standard error output is no reason to fail.
    let _ = writeln!(std::io::stderr(), "not run: {test}: {why}");
}

fn is_in_path(program: &str) -> bool {
    std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|dir| dir.join(program).is_file()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_nobody_has_is_missing() {
        assert!(is_in_path("cargo"));
        assert!(!is_in_path("no program has this name"));
    }
}
