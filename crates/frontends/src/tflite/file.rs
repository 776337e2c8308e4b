//! Bringing a model file into memory.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::{codes, limits};
use crate::error::ImportErrors;
use crate::finding::{Finding, Findings};

/// The bytes of a model file of at most [`limits::MAX_FILE_BYTES`].
///
/// # Errors
/// [`codes::UNREADABLE`] if the file is absent, unreadable, not a regular file, empty or too large.
pub fn read_file(path: &Path) -> Result<Vec<u8>, ImportErrors> {
    bytes_of(path).map_err(|finding| {
        let name = path.display().to_string();
        let mut findings = Findings::new(&name);
        findings.add(None, finding);
        findings.into_errors()
    })
}

fn bytes_of(path: &Path) -> Result<Vec<u8>, Finding> {
    let refused = |message: String, help: &str| Finding::new(codes::UNREADABLE, message, help);
    let from_io = |e: std::io::Error| {
        refused(
            format!("it cannot be read: {e}"),
            "check the path and its permissions",
        )
    };
    let too_large = || {
        refused(
            format!("it is larger than {} MiB", limits::MAX_FILE_BYTES >> 20),
            "a model for a microcontroller is smaller; quantise it, or check that this is the right file",
        )
    };

    let metadata = std::fs::metadata(path).map_err(from_io)?;
    if !metadata.is_file() {
        let what = if metadata.is_dir() {
            "a directory"
        } else {
            "not a regular file"
        };
        return Err(refused(
            format!("it is {what}"),
            "give the path of a .tflite file",
        ));
    }
    if metadata.len() > limits::MAX_FILE_BYTES {
        return Err(too_large());
    }
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| {
            file.take(limits::MAX_FILE_BYTES + 1)
                .read_to_end(&mut bytes)
        })
        .map_err(from_io)?;
    if u64::try_from(bytes.len()).map_or(true, |len| len > limits::MAX_FILE_BYTES) {
        return Err(too_large());
    }
    if bytes.is_empty() {
        return Err(refused(
            "it is empty".into(),
            "the model was not written whole; convert or download it again",
        ));
    }
    Ok(bytes)
}
