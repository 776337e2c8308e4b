//! Output files that appear whole or not at all.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use tempfile::NamedTempFile;

/// Files that are written aside until [`commit`](OutputFiles::commit).
#[derive(Debug, Default)]
pub struct OutputFiles {
    staged: Vec<(NamedTempFile, PathBuf)>,
    direct: Vec<(Vec<u8>, PathBuf)>,
}

impl OutputFiles {
    /// Writes `bytes` beside `path`. What is no regular file (`/dev/null`, a pipe) is written on commit.
    pub fn stage(&mut self, path: &Path, bytes: Vec<u8>) -> anyhow::Result<()> {
        let shown = path.display();
        let path = match std::fs::metadata(path) {
            Ok(m) if m.is_dir() => bail!("{shown} is a directory, not a file"),
            Ok(m) if !m.is_file() => {
                self.direct.push((bytes, path.to_owned()));
                return Ok(());
            }
            // Through a link to the file itself.
            Ok(_) => path.canonicalize().with_context(|| shown.to_string())?,
            Err(_) => path.to_owned(),
        };
        if self.staged.iter().any(|(_, p)| *p == path) {
            bail!("{shown} is named for two outputs");
        }
        let parent = match path.parent() {
            Some(p) if !p.as_os_str().is_empty() => p,
            _ => Path::new("."),
        };
        let mut builder = tempfile::Builder::new();
        builder.prefix(".thumbwright-");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            builder.permissions(std::fs::Permissions::from_mode(0o666));
        }
        let cannot = || format!("cannot write {shown}");
        let mut file = builder.tempfile_in(parent).with_context(cannot)?;
        file.write_all(&bytes).with_context(cannot)?;
        self.staged.push((file, path));
        Ok(())
    }

    /// Moves all files into place.
    pub fn commit(self) -> anyhow::Result<()> {
        for (file, path) in self.staged {
            let cannot = || format!("cannot write {}", path.display());
            file.persist(&path)
                .map_err(|e| e.error)
                .with_context(cannot)?;
        }
        for (bytes, path) in self.direct {
            std::fs::write(&path, bytes)
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
        Ok(())
    }
}

/// Writes one file.
pub fn write(path: &Path, bytes: Vec<u8>) -> anyhow::Result<()> {
    let mut files = OutputFiles::default();
    files.stage(path, bytes)?;
    files.commit()
}
