//! Running the command, and looking at what it leaves.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The command with these arguments.
pub fn command<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_thumbwright"));
    command.args(arguments);
    command
}

/// How a run ended.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Ended {
    pub fn of(output: Output) -> Ended {
        Ended {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// The run must have succeeded.
    #[track_caller]
    pub fn ok(self) -> Ended {
        assert_eq!(self.code, Some(0), "{}\n{}", self.out, self.err);
        self
    }

    /// The run must have ended with `code` and said every one of `parts` on standard error.
    #[track_caller]
    pub fn fails(self, code: i32, parts: &[&str]) -> Ended {
        assert_eq!(self.code, Some(code), "{}\n{}", self.out, self.err);
        for part in parts {
            assert!(self.err.contains(part), "no {part:?} in:\n{}", self.err);
        }
        assert_eq!(self.out, "", "an error comes without a result");
        self
    }
}

/// Runs the command.
#[track_caller]
pub fn thumbwright<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Ended {
    Ended::of(command(arguments).output().unwrap())
}

/// A file of the repository.
pub fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(path)
}

/// The path of the int8 digits model.
pub fn digits() -> String {
    let path = repository("models/digits_int8.tflite").canonicalize();
    path.unwrap().to_str().unwrap().to_owned()
}

/// Every file below a directory, by relative path; empty directories end with `/`.
pub fn tree(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    fn walk(dir: &Path, prefix: &str, all: &mut BTreeMap<String, Vec<u8>>) {
        let mut empty = true;
        for entry in std::fs::read_dir(dir).unwrap() {
            empty = false;
            let path = entry.unwrap().path();
            let name = format!("{prefix}{}", path.file_name().unwrap().to_str().unwrap());
            if path.is_dir() {
                walk(&path, &format!("{name}/"), all);
            } else {
                all.insert(name, std::fs::read(&path).unwrap());
            }
        }
        if empty {
            all.insert(prefix.to_owned(), Vec::new());
        }
    }
    let mut all = BTreeMap::new();
    walk(dir, "", &mut all);
    all
}

/// The paths of a tree.
pub fn names(dir: &Path) -> Vec<String> {
    tree(dir).into_keys().collect()
}

/// A path as an argument.
pub fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}
