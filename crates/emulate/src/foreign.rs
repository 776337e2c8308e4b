//! C that a case calls and that somebody else wrote: compiled where it lies, and not held to the rules for generated C.

use std::path::{Path, PathBuf};

use crate::case::Case;
use crate::toolchain::CompileJob;

/// C files and folders of headers of libraries, as absolute paths.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ForeignCode {
    /// C or assembly files; one that several cases name is compiled and linked once.
    pub sources: Vec<PathBuf>,
    /// Folders that are searched for headers, by the sources and by the case's own C files.
    pub include: Vec<PathBuf>,
}

impl ForeignCode {
    /// The flags that let a compiler find the headers.
    pub(crate) fn include_flags(&self) -> Vec<String> {
        let folders = self.include.iter();
        folders.map(|p| format!("-I{}", p.display())).collect()
    }
}

/// The files of all cases, each once, with the case that names it first.
fn files(cases: &[Case]) -> Vec<(&Path, &Case)> {
    let mut files: Vec<(&Path, &Case)> = Vec::new();
    for case in cases {
        for source in &case.foreign.sources {
            if !files.iter().any(|f| f.0 == source) {
                files.push((source, case));
            }
        }
    }
    files
}

/// What compiles them.
pub(crate) fn jobs(cases: &[Case], flags: &[String]) -> Vec<CompileJob> {
    let job = |(i, (source, case)): (usize, (&Path, &Case))| CompileJob {
        source: source.display().to_string(),
        object: object(i),
        flags: [flags, &case.foreign.include_flags()].concat(),
    };
    files(cases).into_iter().enumerate().map(job).collect()
}

/// The files that a case names: the name of each without its folder, and its object.
pub(crate) fn objects_of(cases: &[Case], case: usize) -> Vec<(String, String)> {
    let Some(case) = cases.get(case) else {
        return Vec::new();
    };
    let all = files(cases).into_iter().enumerate();
    all.filter(|(_, (source, _))| case.foreign.sources.iter().any(|s| s == source))
        .map(|(i, (source, _))| {
            let name = source.file_name().unwrap_or_default();
            (name.to_string_lossy().into_owned(), object(i))
        })
        .collect()
}

fn object(i: usize) -> String {
    format!("library/{i}.o")
}
