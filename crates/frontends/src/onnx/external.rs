//! Data of constants in files beside the model.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Component, Path, PathBuf};

use super::limits::MAX_EXTERNAL_BYTES;
use super::proto::StringStringEntryProto;

/// The files in the model's folder.
#[derive(Debug)]
pub(super) struct External<'a> {
    /// The folder, if files may be read.
    folder: Option<&'a Path>,
    /// Bytes read so far.
    read: u64,
}

impl<'a> External<'a> {
    pub(super) fn new(folder: Option<&'a Path>) -> Self {
        Self { folder, read: 0 }
    }

    /// The `bytes` bytes that the entries of a constant refer to, or what is wrong with them.
    pub(super) fn data(
        &mut self,
        entries: &[StringStringEntryProto],
        bytes: u64,
    ) -> Result<Vec<u8>, String> {
        let entry = |key: &str| {
            let found = entries.iter().find(|e| e.key == key);
            found.map(|e| e.value.as_str())
        };
        let number = |key: &str| match entry(key).map(str::parse::<u64>) {
            None => Ok(None),
            Some(Ok(n)) => Ok(Some(n)),
            Some(Err(_)) => Err(format!("its {key} is not a number")),
        };
        let location = entry("location").ok_or("it names no file")?;
        let (offset, length) = (number("offset")?.unwrap_or(0), number("length")?);
        if length.is_some_and(|n| n != bytes) {
            return Err(format!(
                "it has {} bytes in \"{location}\", but its shape needs {bytes}",
                length.unwrap_or(0)
            ));
        }
        let path = self.path(location)?;
        let failed = |e: std::io::Error| format!("\"{location}\" cannot be read: {e}");
        let size = std::fs::metadata(&path).map_err(failed)?.len();
        if offset.checked_add(bytes).is_none_or(|end| end > size) {
            return Err(format!(
                "\"{location}\" has {size} bytes, not {bytes} from {offset} on"
            ));
        }
        self.read = self.read.saturating_add(bytes);
        if self.read > MAX_EXTERNAL_BYTES {
            return Err(format!(
                "the model's files hold more than {} MiB of constants",
                MAX_EXTERNAL_BYTES >> 20
            ));
        }
        let mut file = File::open(&path).map_err(failed)?;
        file.seek(SeekFrom::Start(offset)).map_err(failed)?;
        let mut data = Vec::new();
        file.take(bytes).read_to_end(&mut data).map_err(failed)?;
        if data.len() as u64 != bytes {
            return Err(format!("\"{location}\" ended while it was read"));
        }
        Ok(data)
    }

    /// The file's path, which must be in the folder, also behind links.
    fn path(&self, location: &str) -> Result<PathBuf, String> {
        let folder = self.folder.ok_or_else(|| {
            format!(
                "it is in the file \"{location}\", and no file beside the model may be read here"
            )
        })?;
        let relative = Path::new(location);
        let plain = |c: Component<'_>| matches!(c, Component::Normal(_) | Component::CurDir);
        if location.is_empty() || !relative.components().all(plain) {
            return Err(format!(
                "\"{location}\" is no path inside of the model's folder"
            ));
        }
        let folder = if folder.as_os_str().is_empty() {
            Path::new(".")
        } else {
            folder
        };
        let real = |path: &Path| {
            let failed = |e| format!("\"{location}\" cannot be read: {e}");
            path.canonicalize().map_err(failed)
        };
        let (folder, path) = (real(folder)?, real(&folder.join(relative))?);
        if !path.starts_with(&folder) || !path.is_file() {
            return Err(format!(
                "\"{location}\" is no file inside of the model's folder"
            ));
        }
        Ok(path)
    }
}
