//! The parent: one process a target, one after another.

use crate::arguments::Arguments;
use crate::current;
use crate::explore::store;
use fuzz_targets::Target;
use std::io;
use std::process::{Child, Command, ExitStatus};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Beyond its time, a target may take so many times what one input may.
const PATIENCE: u32 = 10;

/// Runs all targets; whether one failed.
///
/// # Errors
/// If a process cannot be started or a file not be written.
pub fn supervise(a: &Arguments) -> io::Result<bool> {
    let mut failed = false;
    for target in &a.targets {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["--explore", target.name])
            .args(["--seed", &a.seed.to_string()])
            .args(["--seconds", &a.time.as_secs().to_string()])
            .args(["--runs", &a.runs.to_string()])
            .spawn()?;
        let status = wait(&mut child, target)?;
        match status.and_then(|s| s.code()) {
            Some(0) => {}
            Some(1) => failed = true,
            _ => {
                let how = status.map_or("it hangs".to_owned(), |s| s.to_string());
                let input = current::read(child.id())?;
                let file = store(target, &input)?;
                println!("{}: {how}\n  the input is {}", target.name, file.display());
                failed = true;
            }
        }
        current::remove(child.id());
    }
    Ok(failed)
}

/// Waits for the end of a target's process, which is killed when one input takes far too long.
fn wait(child: &mut Child, target: &Target) -> io::Result<Option<ExitStatus>> {
    let mut seen = (None, Instant::now());
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        let since = current::since(child.id());
        if since != seen.0 {
            seen = (since, Instant::now());
        }
        if seen.1.elapsed() > target.time * PATIENCE {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        sleep(Duration::from_millis(50));
    }
}
