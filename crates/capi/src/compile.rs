//! One compile: whatever happens in it becomes diagnostics and a status.

use crate::boundary::{Failure, Outcome, contain};
use crate::diagnostic::Listener;
use crate::status::Status;
use ir::{Diagnostic, Diagnostics, Severity};
use thumbwright::CompileError;

/// A model in memory.
pub(crate) struct Model {
    /// Its file name.
    pub(crate) file: String,
    /// What is in the file.
    pub(crate) bytes: Vec<u8>,
}

/// Does `work`, which adds its remarks and warnings, and tells the listener all there is to say before it returns.
pub(crate) fn compile<T>(
    listener: Option<&Listener>,
    work: impl FnOnce(&mut Diagnostics) -> Result<T, CompileError>,
) -> Outcome<T> {
    let mut diagnostics = Diagnostics::new();
    let outcome = match contain(|| Ok(work(&mut diagnostics))) {
        Ok(Ok(made)) => Ok(made),
        Ok(Err(error)) => Err(match error.is_bug() {
            true => (Status::Internal, error.0),
            false => (Status::CompileFailed, error.0),
        }),
        Err(panic) => {
            let d = Diagnostic::error("A001", panic.text)
                .help("this is a mistake of the compiler's, and worth a report");
            Err((panic.status, d.into()))
        }
    };
    let outcome = outcome.map_err(|(status, errors)| {
        let severe = errors.iter().filter(|d| d.severity == Severity::Error);
        let lines: Vec<String> = severe.map(ToString::to_string).collect();
        diagnostics.extend(errors);
        Failure::new(status, lines.join("\n"))
    });
    for d in listener.iter().flat_map(|_| &diagnostics) {
        listener.iter().for_each(|l| l.tell(d));
    }
    outcome
}
