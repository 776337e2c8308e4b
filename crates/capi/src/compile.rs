//! A compile, or the load of a file: whatever happens in it becomes diagnostics and a status.

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
    diagnosed(listener, |diagnostics| {
        work(diagnostics).map_err(|error| match error.is_bug() {
            true => (Status::Internal, error.0),
            false => (Status::CompileFailed, error.0),
        })
    })
}

/// As [`compile`], of a plug-in or library to load.
pub(crate) fn load<T>(
    listener: Option<&Listener>,
    work: impl FnOnce() -> Result<T, Diagnostics>,
) -> Outcome<T> {
    diagnosed(listener, |_| {
        work().map_err(|why| (Status::LoadFailed, why))
    })
}

fn diagnosed<T>(
    listener: Option<&Listener>,
    work: impl FnOnce(&mut Diagnostics) -> Result<T, (Status, Diagnostics)>,
) -> Outcome<T> {
    let mut diagnostics = Diagnostics::new();
    let outcome = match contain(|| Ok(work(&mut diagnostics))) {
        Ok(made) => made,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::{Diagnostic as Seen, Severity as SeenSeverity};
    use std::ffi::c_void;

    unsafe extern "C" fn hear(seen: *const Seen, user: *mut c_void) {
        // SAFETY: `told` registers it with such a list, and it is called with a diagnostic.
        let (seen, list) = unsafe { (&*seen, &mut *user.cast::<Vec<_>>()) };
        // SAFETY: a code is a text of that size.
        let code = unsafe { std::slice::from_raw_parts(seen.code.data.cast(), seen.code.size) };
        list.push((seen.severity, String::from_utf8(code.to_vec()).unwrap()));
    }

    /// What `work` comes to, and severities and codes of what is told.
    fn told(
        work: impl FnOnce(&mut Diagnostics) -> Result<u32, CompileError>,
    ) -> (Outcome<u32>, Vec<(SeenSeverity, String)>) {
        let mut list: Vec<(SeenSeverity, String)> = Vec::new();
        let listener = Listener::new(Some(hear), (&raw mut list).cast());
        let outcome = compile(listener.as_ref(), work);
        (outcome, list)
    }

    #[test]
    fn a_panic_is_told_after_what_came_before_it() {
        let (outcome, list) = told(|diagnostics| {
            diagnostics.push(Diagnostic::remark("remark.one", "one"));
            panic!("spoon");
        });
        let failure = outcome.unwrap_err();
        assert_eq!(failure.status, Status::Internal);
        let words = "error[A001]: the compiler panicked: spoon\n";
        assert!(failure.text.starts_with(words), "{}", failure.text);
        let expected = [
            (SeenSeverity::Remark, "remark.one".to_owned()),
            (SeenSeverity::Error, "A001".to_owned()),
        ];
        assert_eq!(list, expected);
    }

    #[test]
    fn the_compilers_mistakes_are_not_the_users() {
        for (code, status) in [
            ("D003", Status::CompileFailed),
            ("P002", Status::Internal),
            ("M005", Status::Internal),
        ] {
            let (outcome, list) = told(|_| Err(Diagnostic::error(code, "it is wrong").into()));
            let failure = outcome.unwrap_err();
            assert_eq!(failure.status, status);
            assert_eq!(failure.text, format!("error[{code}]: it is wrong"));
            assert_eq!(list, [(SeenSeverity::Error, code.to_owned())]);
        }
    }
}
