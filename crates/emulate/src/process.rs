//! A child process without input, with its output captured and its time limited.

use std::fs::File;
use std::io::{Read, Seek};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use crate::error::{EmulateError, io_error};

/// What a child left behind.
pub(crate) struct Finished {
    pub status: ExitStatus,
    /// Standard output and standard error, in the order of writing.
    pub text: String,
}

/// More text than this is cut: a fault must not fill the memory.
const TEXT_LIMIT: u64 = 1 << 20;

/// Runs `command` with its text going to one unnamed file in `directory`; `None` when `timeout` passed and it was ended.
pub(crate) fn run(
    command: &mut Command,
    directory: &Path,
    timeout: Duration,
) -> Result<Option<Finished>, EmulateError> {
    let program = command.get_program().to_string_lossy().into_owned();
    let mut text_file = tempfile::tempfile_in(directory).map_err(io_error(directory))?;
    let clone = |file: &File| file.try_clone().map_err(io_error(directory));
    let mut child = command
        .stdin(Stdio::null())
        .stdout(clone(&text_file)?)
        .stderr(clone(&text_file)?)
        .spawn()
        .map_err(|source| EmulateError::Io {
            path: program.clone(),
            source,
        })?;
    let started = Instant::now();
    let mut pause = Duration::from_millis(1);
    let status = loop {
        match child.try_wait().map_err(|source| EmulateError::Io {
            path: program.clone(),
            source,
        })? {
            Some(status) => break status,
            None if started.elapsed() >= timeout => {
                // The child may end by itself just now; both ways it is gone after the wait.
                let _ = child.kill();
                let _ = child.wait();
                return Ok(None);
            }
            None => std::thread::sleep(pause),
        }
        pause = (pause * 2).min(Duration::from_millis(20));
    };
    let mut bytes = Vec::new();
    text_file.rewind().map_err(io_error(directory))?;
    text_file
        .take(TEXT_LIMIT)
        .read_to_end(&mut bytes)
        .map_err(io_error(directory))?;
    Ok(Some(Finished {
        status,
        text: String::from_utf8_lossy(&bytes).into_owned(),
    }))
}
