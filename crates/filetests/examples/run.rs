//! Runs a directory of test files against any program:
//! `cargo run -p thumbwright-filetests --example run -- DIRECTORY NAME=PROGRAM… [LETTER=PATH…]`.
//!
//! A project has a test binary instead, see the crate's documentation; this is for trying a test out.

use filetests::Suite;
use libtest_mimic::Arguments;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let Some(directory) = args.next() else {
        eprintln!("usage: run DIRECTORY NAME=PROGRAM… [LETTER=PATH…]");
        return ExitCode::from(2);
    };
    let mut suite = Suite::new(directory);
    for pair in args {
        let Some((name, path)) = pair.split_once('=') else {
            eprintln!("`{pair}` is not NAME=PROGRAM");
            return ExitCode::from(2);
        };
        let mut letters = name.chars();
        suite = match (letters.next(), letters.next()) {
            (Some(letter), None) => suite.path(letter, path),
            _ => suite.command(name, path),
        };
    }
    match suite.trials() {
        Ok(trials) => libtest_mimic::run(&Arguments::default(), trials).exit_code(),
        Err(e) => {
            eprintln!("{e}");
            ExitCode::FAILURE
        }
    }
}
