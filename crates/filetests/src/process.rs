//! Running a command with a time limit.

use std::io::{self, Read};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// How a command ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outcome {
    /// The exit code; none if a signal or the time limit ended it.
    pub code: Option<i32>,
    /// Whether the time limit ended it.
    pub timed_out: bool,
    /// The standard output.
    pub out: String,
    /// The standard error output.
    pub err: String,
}

/// Runs a program in a directory, without colours, backtraces or an input.
pub fn run(
    program: &Path,
    args: &[String],
    directory: &Path,
    limit: Duration,
) -> io::Result<Outcome> {
    let mut child = Command::new(program)
        .args(args)
        .current_dir(directory)
        .env("NO_COLOR", "1")
        .env("RUST_BACKTRACE", "0")
        .env_remove("BLESS")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let out = reader(child.stdout.take());
    let err = reader(child.stderr.take());
    let end = Instant::now() + limit;
    let mut pause = Duration::from_millis(1);
    let status: Option<ExitStatus> = loop {
        if let Some(status) = child.try_wait()? {
            break Some(status);
        }
        if Instant::now() >= end {
            child.kill()?;
            child.wait()?;
            break None;
        }
        thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(20));
    };
    let text = |bytes: thread::JoinHandle<Vec<u8>>| {
        let bytes = bytes.join().unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    };
    Ok(Outcome {
        code: status.and_then(|s| s.code()),
        timed_out: status.is_none(),
        out: text(out),
        err: text(err),
    })
}

fn reader<R: Read + Send + 'static>(pipe: Option<R>) -> thread::JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            // What was read until an error is what there is.
            let _ = pipe.read_to_end(&mut bytes);
        }
        bytes
    })
}
