//! What is wrong with a library's file.

use std::fmt;

/// One thing that is wrong with a library's file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    /// The line, from 1, if it has one.
    pub line: Option<usize>,
    /// The key that it is about, `kernel[0].args[3]`; empty if it is about the file.
    pub key: String,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: String,
}

/// A library that cannot be used; everything that was found, in the file's order.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub struct LibraryError {
    /// The library's file.
    pub file: String,
    /// At least one.
    pub problems: Vec<Problem>,
}

impl fmt::Display for LibraryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, p) in self.problems.iter().enumerate() {
            if i > 0 {
                f.write_str("\n")?;
            }
            f.write_str(&self.file)?;
            if let Some(line) = p.line {
                write!(f, ":{line}")?;
            }
            f.write_str(": ")?;
            if !p.key.is_empty() {
                write!(f, "{}: ", p.key)?;
            }
            f.write_str(&p.message)?;
            if !p.help.is_empty() {
                let mark = if p.message.ends_with('?') { "" } else { ";" };
                write!(f, "{mark} {}", p.help)?;
            }
        }
        Ok(())
    }
}
