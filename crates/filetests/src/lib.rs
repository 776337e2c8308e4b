//! One file, one test: commands, and what they print.
//!
//! A test file names the command in a comment line, and says in further ones how it must end:
//!
//! ```text
//! // A model that is cut off in the middle is refused.
//! // RUN: thumbwright inspect %t/cut.tflite
//! // EXIT: 1
//! // ERR: error
//! // ERR-NOT: panicked
//! ```
//!
//! | line | means |
//! |---|---|
//! | `RUN: command …` | run it, in an empty directory; quotes hold a word together, there is no shell. What follows, up to the next `RUN`, is about it |
//! | `EXIT: n` | it ends with exit code `n`; without this line, 0 |
//! | `CHECK: text` | a line of the standard output, after the last match, has the text |
//! | `CHECK-NEXT: text` | the line right after the last match has it |
//! | `CHECK-NOT: text` | no line between the matches around it has it |
//! | `ERR:`, `ERR-NEXT:`, `ERR-NOT:` | the same of the standard error output, which must be empty if none of these asks for it |
//! | `EXPECT:`, `EXPECT-ERR:` | the whole output is the lines that follow, each after `//\|`; with `BLESS=1` in the environment they are rewritten |
//! | `REQUIRES: a b/c` | without the program `a` in `PATH`, or the path `b/c`, the test is listed as ignored, with the reason |
//! | `FILE: name` | the lines up to the next `FILE:` or `END:` are written to `%t/name` first |
//!
//! Two commands are built in: `cat FILE…` prints files, `ls DIRECTORY` the names of all files below a directory, sorted.
//!
//! Comments start with `//`, `#` or `;`. In commands and `REQUIRES`, `%s` is the test file, `%S` its directory, `%t` the empty directory,
//! and whatever else the suite names (`%m`, the models); in outputs these paths are written back as `%s` and so on. In texts, `{{.*}}`
//! stands for anything and `{{[0-9]+}}` for a number; runs of spaces count as one. A command that panics fails its test, whatever the
//! test expects.
//!
//! The files of a directory become the named tests of a test binary, from any workspace:
//!
//! ```no_run
//! // tests/filetests.rs, with `harness = false` in Cargo.toml
//! fn main() -> std::process::ExitCode {
//!     filetests::Suite::new("tests/filetests")
//!         .command("my-tool", env!("CARGO_PKG_NAME")) // there: env!("CARGO_BIN_EXE_my-tool")
//!         .path('m', "models")
//!         .main()
//! }
//! ```

//!
//! or are checked one by one:
//!
//! ```
//! use filetests::{Suite, Verdict};
//!
//! let directory = tempfile::tempdir()?;
//! let file = directory.path().join("acme.mlir");
//! std::fs::write(&file, "// RUN: cat %t/m.mlir\n// CHECK: acme.{{.*}}accelerate\n// FILE: m.mlir\n\"acme.op\"() {accelerate} : () -> ()\n")?;
//! assert_eq!(Suite::new(directory.path()).check(&file), Verdict::Passed);
//! # Ok::<(), std::io::Error>(())
//! ```

mod bless;
mod builtin;
mod check;
mod file;
mod pattern;
mod process;
mod suite;

pub use file::{Check, Expect, Expectation, Run, Stream, SyntaxError, TestFile};
pub use pattern::{Pattern, PatternError};
pub use suite::{INPUTS, Suite, Verdict};

use std::path::Path;
use std::process::ExitCode;

/// Runs the test files of a directory, whose commands are these programs, under libtest's command line.
pub fn run(directory: &Path, commands: &[(&str, &Path)]) -> ExitCode {
    let suite = Suite::new(directory);
    commands
        .iter()
        .fold(suite, |s, (name, program)| s.command(name, *program))
        .main()
}
