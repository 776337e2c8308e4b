//! Why a function was not built: an op without a form, or LLVM's builder, which refuses what is ill-typed.

use inkwell::builder::BuilderError;
use ir::Diagnostic;

#[derive(Debug)]
pub(crate) enum Failure {
    Diagnostic(Box<Diagnostic>),
    Builder(BuilderError),
}

impl Failure {
    /// As a diagnostic; `place` is what was being built.
    pub(crate) fn diagnostic(self, place: &str) -> Diagnostic {
        match self {
            Failure::Diagnostic(d) => *d,
            Failure::Builder(e) => refused(&format!("{place}: {e}")),
        }
    }
}

impl From<Diagnostic> for Failure {
    fn from(d: Diagnostic) -> Failure {
        Failure::Diagnostic(Box::new(d))
    }
}

impl From<BuilderError> for Failure {
    fn from(e: BuilderError) -> Failure {
        Failure::Builder(e)
    }
}

/// `B006`: a mistake of this crate, or of LLVM.
pub(crate) fn refused(what: &str) -> Diagnostic {
    Diagnostic::error(
        "B006",
        format!("LLVM refuses what was built for it: {what}"),
    )
    .note("this is a bug of the back end; please report it with the model")
}
