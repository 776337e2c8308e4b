//! A directory of output files that appears whole or not at all.

use std::fs;
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};

use crate::BinaryFile;
use anyhow::{Context, bail};
use tempfile::TempDir;

/// Fails early where [`write_all`] would fail for the directory's own sake.
pub fn check(dir: &Path) -> anyhow::Result<()> {
    existing_part(dir).map(drop)
}

/// Writes `files` below `dir`, over files of the same names; other files stay.
///
/// Everything is written aside first. Into a directory that exists, the files are then moved one by one; when that fails midway, what was
/// there before is put back.
pub fn write_all(dir: &Path, files: &[BinaryFile]) -> anyhow::Result<()> {
    let (existing, rest) = existing_part(dir)?;
    let cannot = || format!("cannot write to {}", dir.display());
    let aside = tempfile::Builder::new()
        .prefix(".thumbwright-")
        .tempdir_in(&existing)
        .with_context(cannot)?;
    let new = aside.path().join("new");
    let root = new.join(&rest);
    fs::create_dir_all(&root).with_context(cannot)?;
    for file in files {
        let path = root.join(inside(&file.path)?);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).with_context(cannot)?;
        }
        fs::write(&path, &file.bytes).with_context(cannot)?;
    }
    match rest.components().next() {
        // The whole tree at once: nobody sees a part of it.
        Some(first) => {
            let place = existing.join(first);
            fs::rename(new.join(first), place).with_context(cannot)
        }
        None => move_in(&existing, &aside, files).with_context(cannot),
    }
}

/// The part of `dir` that exists, and the part that does not.
fn existing_part(dir: &Path) -> anyhow::Result<(PathBuf, PathBuf)> {
    if dir.as_os_str().is_empty() {
        bail!("the output directory has no name");
    }
    let mut existing = dir.to_owned();
    let mut missing: Vec<std::ffi::OsString> = Vec::new();
    loop {
        let at = if existing.as_os_str().is_empty() {
            Path::new(".")
        } else {
            &existing
        };
        match fs::metadata(at) {
            Ok(m) if m.is_dir() => {
                let rest = missing.iter().rev().collect();
                return Ok((at.to_owned(), rest));
            }
            Ok(_) => bail!("{} is a file, not a directory", at.display()),
            Err(e) if e.kind() == ErrorKind::NotFound && fs::symlink_metadata(at).is_err() => {}
            Err(e) => {
                return Err(e).with_context(|| format!("cannot write to {}", at.display()));
            }
        }
        match existing.components().next_back() {
            Some(Component::Normal(name)) => missing.push(name.to_owned()),
            _ => bail!("{} does not exist", existing.display()),
        }
        existing.pop();
    }
}

fn inside(path: &str) -> anyhow::Result<&Path> {
    let path = Path::new(path);
    let normal = path.components().all(|c| matches!(c, Component::Normal(_)));
    if !normal {
        bail!("{} lies outside of the output directory", path.display());
    }
    Ok(path)
}

/// What has been done, so that it can be undone.
enum Step {
    Made(PathBuf),
    Moved { from: PathBuf, to: PathBuf },
}

fn move_in(dir: &Path, aside: &TempDir, files: &[BinaryFile]) -> anyhow::Result<()> {
    let mut steps = Vec::new();
    let result = move_each(dir, aside.path(), files, &mut steps);
    if result.is_err() {
        for step in steps.into_iter().rev() {
            // As much as can be put back; the first failure is what is reported.
            let _ = match step {
                Step::Made(directory) => fs::remove_dir(directory),
                Step::Moved { from, to } => fs::rename(to, from),
            };
        }
    }
    result
}

fn move_each(
    dir: &Path,
    aside: &Path,
    files: &[BinaryFile],
    steps: &mut Vec<Step>,
) -> anyhow::Result<()> {
    for (i, file) in files.iter().enumerate() {
        let path = inside(&file.path)?;
        let place = dir.join(path);
        let parents: Vec<&Path> = path.ancestors().skip(1).collect();
        for parent in parents.iter().rev().map(|p| dir.join(p)) {
            if !parent.exists() {
                fs::create_dir(&parent).with_context(|| parent.display().to_string())?;
                steps.push(Step::Made(parent));
            }
        }
        if place.is_dir() {
            bail!("{} is a directory, not a file", place.display());
        }
        let mut rename = |from: PathBuf, to: PathBuf| -> anyhow::Result<()> {
            fs::rename(&from, &to).with_context(|| place.display().to_string())?;
            steps.push(Step::Moved { from, to });
            Ok(())
        };
        if fs::symlink_metadata(&place).is_ok() {
            rename(place.clone(), aside.join(format!("old-{i}")))?;
        }
        rename(aside.join("new").join(path), place.clone())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> BinaryFile {
        BinaryFile {
            path: path.to_owned(),
            bytes: text.as_bytes().to_vec(),
        }
    }

    fn tree(dir: &Path) -> Vec<(String, String)> {
        let mut all = Vec::new();
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            if path.is_dir() {
                let inner = tree(&path)
                    .into_iter()
                    .map(|(n, t)| (format!("{name}/{n}"), t));
                let mut inner: Vec<_> = inner.collect();
                if inner.is_empty() {
                    inner.push((format!("{name}/"), String::new()));
                }
                all.extend(inner);
            } else {
                all.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
        all.sort();
        all
    }

    #[test]
    fn missing_directories_appear_with_their_files() {
        let root = TempDir::new().unwrap();
        let dir = root.path().join("a/b/c");
        write_all(&dir, &[file("src/k.c", "1"), file("k.h", "2")]).unwrap();
        let expected = [("a/b/c/k.h", "2"), ("a/b/c/src/k.c", "1")];
        assert_eq!(
            tree(root.path()),
            expected.map(|(n, t)| (n.to_owned(), t.to_owned()))
        );
    }

    #[test]
    fn other_files_stay_and_ours_are_replaced() {
        let root = TempDir::new().unwrap();
        write_all(root.path(), &[file("src/k.c", "1")]).unwrap();
        fs::write(root.path().join("src/mine.c"), "mine").unwrap();
        write_all(root.path(), &[file("src/k.c", "2"), file("new/n.c", "3")]).unwrap();
        let expected = [("new/n.c", "3"), ("src/k.c", "2"), ("src/mine.c", "mine")];
        assert_eq!(
            tree(root.path()),
            expected.map(|(n, t)| (n.to_owned(), t.to_owned()))
        );
    }

    #[test]
    fn a_failure_midway_changes_nothing() {
        let root = TempDir::new().unwrap();
        fs::write(root.path().join("a"), "old").unwrap();
        fs::create_dir(root.path().join("z")).unwrap();
        fs::write(root.path().join("z/keep"), "keep").unwrap();
        let before = tree(root.path());
        // `z` is a directory here, so the last file cannot be put there.
        let files = [file("a", "new"), file("made/b", "new"), file("z", "new")];
        let error = write_all(root.path(), &files).unwrap_err();
        assert!(format!("{error:#}").contains("is a directory"), "{error:#}");
        assert_eq!(tree(root.path()), before);
    }

    #[test]
    fn what_is_no_directory_is_refused() {
        let root = TempDir::new().unwrap();
        let at = root.path().join("file");
        fs::write(&at, "x").unwrap();
        for dir in [at.clone(), at.join("below"), PathBuf::new()] {
            assert!(check(&dir).is_err(), "{}", dir.display());
            assert!(write_all(&dir, &[file("k.c", "1")]).is_err());
        }
        assert!(write_all(root.path(), &[file("../k.c", "1")]).is_err());
        assert_eq!(tree(root.path()), [("file".to_owned(), "x".to_owned())]);
    }
}
