//! The file by which a target's process leaves its input behind when it dies.
//!
//! It is overwritten in place, its length in front: truncating it for each input would make some file systems wait for the disk.

use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::path::PathBuf;
use std::time::SystemTime;

/// Where the input of a process is.
fn path(process: u32) -> PathBuf {
    std::env::temp_dir().join(format!("thumbwright-fuzz-smoke-{process}"))
}

/// The writing side.
#[derive(Debug)]
pub struct Current(File);

impl Current {
    /// The file of this process.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn create() -> io::Result<Current> {
        File::create(path(std::process::id())).map(Current)
    }

    /// What runs from now on.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn set(&mut self, input: &[u8]) -> io::Result<()> {
        let record = [&(input.len() as u64).to_le_bytes()[..], input].concat();
        self.0.rewind()?;
        self.0.write_all(&record)
    }
}

/// What a process ran last.
///
/// # Errors
/// If it left nothing behind.
pub fn read(process: u32) -> io::Result<Vec<u8>> {
    let mut file = File::open(path(process))?;
    let mut length = [0; 8];
    file.read_exact(&mut length)?;
    let mut input = Vec::new();
    file.take(u64::from_le_bytes(length))
        .read_to_end(&mut input)?;
    Ok(input)
}

/// When a process began with what it runs.
pub fn since(process: u32) -> Option<SystemTime> {
    std::fs::metadata(path(process)).ok()?.modified().ok()
}

/// Removes the file of a process that has ended.
pub fn remove(process: u32) {
    // It was never made if the process died early.
    let _ = std::fs::remove_file(path(process));
}
