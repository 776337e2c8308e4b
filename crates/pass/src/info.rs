//! What is known of a pass before it runs: name, anchor, options.

use crate::{OptionError, Options, Pass, PassOptions};
use std::fmt;
use std::sync::Arc;

/// The anchor of passes that run on whatever op the pipeline names.
pub const ANY: &str = "any";

/// The values of an option that takes the name of a planning algorithm; a frozen registry has the registered names instead.
pub const ALGORITHM: &str = "ALGORITHM";

type Make = dyn Fn(&Options<'_>) -> Result<Box<dyn Pass>, OptionError> + Send + Sync;

/// One option of a pass.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OptionInfo {
    /// Its name, in kebab-case.
    pub name: String,
    /// The values, as in a synopsis: `arena|caller`, `N`, `NAME,…`.
    pub values: String,
    /// The value that stands for a missing one; empty if there is none.
    pub default: String,
    /// What it does, in one sentence.
    pub summary: String,
}

/// A registered pass.
#[derive(Clone)]
pub struct PassInfo {
    /// Unique name in kebab-case; a verb phrase.
    pub name: String,
    /// The name of the op that it runs on: `builtin.module`, `func.func`, or [`ANY`].
    pub anchor: String,
    /// What it does, in one sentence.
    pub summary: String,
    /// Its options.
    pub options: Vec<OptionInfo>,
    /// Whether it changes nothing when it runs a second time.
    pub idempotent: bool,
    make: Arc<Make>,
}

impl PassInfo {
    /// A pass that takes no options.
    pub fn new<P: Pass + Clone + 'static>(
        name: &str,
        anchor: &str,
        summary: &str,
        pass: P,
    ) -> PassInfo {
        Self::with_options(name, anchor, summary, move |_| Ok(pass.clone()))
    }

    /// A pass that is made from options, which are then [declared](Self::option).
    pub fn with_options<P: Pass + 'static>(
        name: &str,
        anchor: &str,
        summary: &str,
        make: impl Fn(&Options<'_>) -> Result<P, OptionError> + Send + Sync + 'static,
    ) -> PassInfo {
        PassInfo {
            name: name.to_owned(),
            anchor: anchor.to_owned(),
            summary: summary.to_owned(),
            options: Vec::new(),
            idempotent: false,
            make: Arc::new(move |o| make(o).map(|p| Box::new(p) as Box<dyn Pass>)),
        }
    }

    /// Declares an option; one that is not declared is refused.
    #[must_use]
    pub fn option(mut self, name: &str, values: &str, default: &str, summary: &str) -> PassInfo {
        self.options.push(OptionInfo {
            name: name.to_owned(),
            values: values.to_owned(),
            default: default.to_owned(),
            summary: summary.to_owned(),
        });
        self
    }

    /// Declares that a second run changes nothing.
    #[must_use]
    pub fn idempotent(mut self) -> PassInfo {
        self.idempotent = true;
        self
    }

    /// Makes the pass.
    ///
    /// # Errors
    /// If an option is not declared, or the pass cannot take its value.
    pub fn instantiate(&self, given: &PassOptions) -> Result<Box<dyn Pass>, OptionError> {
        let options = Options::new(self, given);
        options.only_declared()?;
        (self.make)(&options)
    }

    /// Whether it runs on ops of a name.
    pub fn runs_on(&self, anchor: &str) -> bool {
        self.anchor == ANY || self.anchor == anchor || anchor == ANY
    }
}

impl fmt::Debug for PassInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PassInfo")
            .field("name", &self.name)
            .field("anchor", &self.anchor)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
