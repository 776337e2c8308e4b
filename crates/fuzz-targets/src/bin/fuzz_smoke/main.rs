//! Random mutations of the committed corpus through every target, without libFuzzer: `make fuzz-smoke`.
//!
//! ```text
//! fuzz_smoke [--seed N] [--seconds N] [--runs N] [TARGET...]
//! ```
//!
//! Each target runs in a process of its own, so that an abort, too, leaves its input behind. What fails is made smaller and written to
//! `fuzz/regressions/TARGET/`; the exit code is 1 then.

mod arguments;
mod current;
mod explore;
mod supervise;

use arguments::Arguments;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = match Arguments::parse(std::env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(why) => {
            eprintln!("{why}");
            eprintln!("usage: fuzz_smoke [--seed N] [--seconds N] [--runs N] [TARGET...]");
            return ExitCode::from(2);
        }
    };
    let failed = match arguments.explore {
        Some(target) => explore::explore(target, &arguments),
        None => supervise::supervise(&arguments),
    };
    match failed {
        Ok(false) => ExitCode::SUCCESS,
        Ok(true) => ExitCode::FAILURE,
        Err(e) => {
            eprintln!("fuzz_smoke: {e}");
            ExitCode::from(3)
        }
    }
}
