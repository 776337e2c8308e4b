//! A program with an input, its output captured and its time limited.

use std::io::{Read, Write};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

/// The largest output that is kept, in bytes.
const MAX_OUTPUT: u64 = 1 << 28;
/// So much of standard error is kept, in bytes.
const MAX_ERR: u64 = 1 << 16;
/// How often a running program is asked whether it has ended.
const TICK: Duration = Duration::from_millis(2);

/// How a program ended.
#[derive(Debug)]
pub struct Ended {
    /// Its exit status.
    pub status: ExitStatus,
    /// Its standard output; why not, if it was too long, or somebody that the program left behind holds it open.
    pub out: Result<Vec<u8>, String>,
    /// The start of its standard error.
    pub err: String,
}

/// Runs a program, its name and arguments given as words (at least one), without a shell.
///
/// # Errors
/// In words: it cannot be run, or ran longer than `timeout` and was ended.
pub fn run(words: &[String], input: String, timeout: Duration) -> Result<Ended, String> {
    let mut child = Command::new(&words[0])
        .args(&words[1..])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|e| format!("`{}` cannot be run: {e}", words[0]))?;
    if let Some(mut stdin) = child.stdin.take() {
        // A program need not read all of it, so that a broken pipe is no error.
        thread::spawn(move || stdin.write_all(input.as_bytes()));
    }
    let out = read_aside(child.stdout.take(), MAX_OUTPUT + 1);
    let err = read_aside(child.stderr.take(), MAX_ERR);
    let deadline = Instant::now() + timeout;
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if Instant::now() < deadline => thread::sleep(TICK),
            Ok(None) => {
                // It may have ended by itself in between.
                let _ = child.kill();
                let _ = child.wait();
                let seconds = timeout.as_secs();
                return Err(format!("it ran for more than {seconds} s and was ended"));
            }
            Err(e) => return Err(format!("it cannot be waited for: {e}")),
        }
    };
    // What is in the pipes comes at once; a process that was left behind may hold them open until the deadline.
    let left = || deadline.saturating_duration_since(Instant::now()).max(TICK);
    let out = match out.recv_timeout(left()) {
        Ok(bytes) if bytes.len() as u64 > MAX_OUTPUT => {
            Err(format!("it wrote more than {} MiB", MAX_OUTPUT >> 20))
        }
        Ok(bytes) => Ok(bytes),
        Err(_) => Err("its output does not end".to_owned()),
    };
    let err = err.recv_timeout(left()).unwrap_or_default();
    Ok(Ended {
        status,
        out,
        err: String::from_utf8_lossy(&err).into_owned(),
    })
}

/// What a pipe says to its end, at most so many bytes, read on a thread of its own.
fn read_aside(pipe: Option<impl Read + Send + 'static>, limit: u64) -> Receiver<Vec<u8>> {
    let (send, receive) = channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            // An error ends the output where it happened; the program's status tells the rest.
            let _ = pipe.by_ref().take(limit).read_to_end(&mut bytes);
            // What is past the limit is read and dropped, so that the program is not stopped by a full pipe.
            let _ = std::io::copy(&mut pipe, &mut std::io::sink());
        }
        // Nobody waits for it any more if the program was ended.
        let _ = send.send(bytes);
    });
    receive
}
