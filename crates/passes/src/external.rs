//! `external`: another program is the pass. It reads the module's text on standard input and writes one on standard output.
//!
//! The command is split at spaces, quotes hold a word together, and there is no shell: what is run is what the pipeline says. It runs
//! only where the context [allows](PassCx::allow_external) it, since a pipeline may come from a stranger. Its standard error is quoted
//! when it fails.

use crate::process;
use ir::{Diagnostic, Module, OpId, text};
use pass::{Failed, OptionError, Options, Pass, PassCx, PassInfo};
use std::time::Duration;

/// The pass.
pub fn info() -> PassInfo {
    PassInfo::with_options(
        "external",
        "builtin.module",
        "Run another program as a pass: text in, text out (only with --allow-external).",
        External::new,
    )
    .option("cmd", "\"PROGRAM ARGUMENTS\"", "", "What to run.")
    .option(
        "timeout",
        "SECONDS",
        "60",
        "When the program is ended by force.",
    )
}

struct External {
    words: Vec<String>,
    timeout: Duration,
}

impl External {
    fn new(o: &Options<'_>) -> Result<External, OptionError> {
        let words = shlex::split(o.required("cmd")?).filter(|w| !w.is_empty());
        let words = words.ok_or_else(|| o.refuse("cmd", "wants a command, its quotes closed"))?;
        let seconds = o.parse::<u32>("timeout", "a number of seconds")?;
        Ok(External {
            words,
            timeout: Duration::from_secs(seconds.into()),
        })
    }

    /// What the command writes when it reads `input`.
    fn output(&self, input: String) -> Result<String, String> {
        let ended = process::run(&self.words, input, self.timeout)?;
        if !ended.status.success() {
            return Err(match ended.err.trim() {
                "" => format!("it failed with {}", ended.status),
                text => format!("it failed with {}: {text}", ended.status),
            });
        }
        String::from_utf8(ended.out?).map_err(|_| "its output is not UTF-8".to_owned())
    }
}

impl Pass for External {
    fn run(&self, m: &mut Module, _: OpId, cx: &mut PassCx<'_>) -> Result<(), Failed> {
        let command = self.words.join(" ");
        if !cx.allow_external {
            let message = format!("the pipeline wants to run `{command}`");
            let help = "with --allow-external it may; look at the command first";
            return cx.fail(Diagnostic::error("X001", message).help(help));
        }
        let output = match self.output(text::print_module(m)) {
            Ok(output) => output,
            Err(e) => {
                let message = format!("external pass `{command}`: {e}");
                return cx.fail(Diagnostic::error("X002", message));
            }
        };
        let options = text::ParseOptions {
            allow_unregistered: true,
        };
        let name = format!("output of {}", self.words[0]);
        match text::parse(&output, &name, m.registry().clone(), &options) {
            Ok(new) => m.exchange(new),
            Err(errors) => {
                let message = format!("external pass `{command}` wrote no module");
                cx.diagnostics.push(Diagnostic::error("X003", message));
                cx.diagnostics.extend(errors);
                return Err(Failed);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn external(words: &[&str], seconds: u64) -> External {
        External {
            words: words.iter().map(|&w| w.to_owned()).collect(),
            timeout: Duration::from_secs(seconds),
        }
    }

    #[cfg(unix)]
    #[test]
    fn programs_that_do_not_do_their_part() {
        let sh = |script: &str, seconds| {
            external(&["sh", "-c", script], seconds).output("in".to_owned())
        };
        assert_eq!(sh("cat; printf more", 20).unwrap(), "inmore");
        // It may ignore its input, and be talkative.
        assert_eq!(sh("printf out; printf noise >&2", 20).unwrap(), "out");
        let long = external(&["sh", "-c", "exit 0"], 20).output("x".repeat(1 << 20));
        assert_eq!(long.unwrap(), "");
        let failed = sh("echo why >&2; exit 3", 20).unwrap_err();
        assert!(failed.contains("exit status: 3: why"), "{failed}");
        let slow = sh("exec sleep 60", 1).unwrap_err();
        assert!(slow.contains("more than 1 s"), "{slow}");
        // A child left behind holds the pipe open.
        let held = sh("sleep 60 & exit 0", 1).unwrap_err();
        assert_eq!(held, "its output does not end");
        let absent = external(&["/no/such/program"], 1).output(String::new());
        assert!(absent.unwrap_err().contains("cannot be run"));
        assert!(sh("printf '\\377'", 20).unwrap_err().contains("UTF-8"));
    }
}
