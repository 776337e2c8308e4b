//! Libraries whose functions are taken wherever they apply, whatever they cost: the option `prefer` of passes that choose schedules.

use ir::Diagnostic;
use pass::{Options, Registry, Schedule};

/// Libraries by name.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Preference(Vec<String>);

/// What the option `prefer` of a pass is.
pub(crate) const HELP: &str =
    "Kernel libraries whose functions are taken wherever they apply, whatever they cost.";

impl Preference {
    /// Of a pass, from its option `prefer`.
    pub(crate) fn of(o: &Options<'_>) -> Preference {
        Preference(o.list("prefer").map(str::to_owned).collect())
    }

    /// Whether a schedule calls one of the libraries.
    pub(crate) fn holds(&self, schedule: &dyn Schedule) -> bool {
        let library = schedule.library();
        library.is_some_and(|l| self.0.iter().any(|p| p == l))
    }

    /// Checks that every library is there.
    ///
    /// # Errors
    /// `P001`: a pass is asked for what it does not know.
    pub(crate) fn check(&self, pass: &str, registry: &Registry) -> Result<(), Diagnostic> {
        let known = || registry.schedules().filter_map(|s| s.library());
        let Some(unknown) = self.0.iter().find(|p| known().all(|l| l != *p)) else {
            return Ok(());
        };
        let message = format!("`{pass}` cannot prefer `{unknown}`: no such kernel library");
        let error = Diagnostic::error("P001", message);
        Err(match target::nearest(unknown, known()) {
            Some(n) => error.help(format!("did you mean `{n}`?")),
            None => error.help("add the library, by `--with` in a command"),
        })
    }
}
