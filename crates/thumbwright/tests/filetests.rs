//! The command's messages and exit codes: one file of `tests/filetests`, one test.

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    filetests::Suite::new(root.join("tests/filetests"))
        .command("thumbwright", env!("CARGO_BIN_EXE_thumbwright"))
        .path('m', root.join("models"))
        .main()
}
