//! What every pass promises, as tests: [`pass_properties!`](crate::pass_properties) makes one of each for a pass.
//!
//! | test | what it asserts on random modules |
//! | --- | --- |
//! | `output_verifies` | the module verifies after the pass |
//! | `results_unchanged` | public functions are still there and compute the same, as [`interp::evaluate`] compares |
//! | `is_deterministic` | the same module becomes the same text, also with another registry |
//! | `is_idempotent` | a second run changes nothing, if the pass is declared so |
//! | `is_conservative` | ops that nobody registered are run as often as before, in the same order, on the same values |
//! | `never_panics` | neither on these, nor on empty, external and deeply nested functions |
//!
//! A pass may refuse a module with a diagnostic; refusing all of them is a failure, since nothing was tested then. A panic breaks every
//! promise. A module that fails is made smaller by [`ir::reduce`] and printed with the seed and the case that it came from.
//!
//! ```
//! use pass::{PassInfo, Registry};
//! use ir::{Module, OpId, WalkOrder};
//!
//! /// Erases pure ops that nothing uses, once through.
//! fn sweep(m: &mut Module, op: OpId, _: &mut pass::PassCx<'_>) -> Result<(), pass::Failed> {
//!     for o in m.walk(op, WalkOrder::Pre).into_iter().rev() {
//!         let unused = m.results(o).iter().all(|&v| m.uses(v).is_empty());
//!         let pure = m.op_info(o).is_some_and(|i| i.traits.pure);
//!         if unused && pure {
//!             m.erase(o);
//!         }
//!     }
//!     Ok(())
//! }
//!
//! fn registry() -> Registry {
//!     let mut r = Registry::builder(target::Targets::builtin());
//!     ir::dialects::register_all(&mut r.dialects).expect("unique names");
//!     interp::register(&mut r.dialects).expect("unique names");
//!     r.pass(PassInfo::new("acme-sweep", "func.func", "Sweep.", sweep).idempotent()).expect("unique names");
//!     r.freeze()
//! }
//!
//! // In a test target this makes six tests in a module `acme_sweep`.
//! testgen::pass_properties!(acme_sweep, registry = registry(), pass = "acme-sweep", cases = 100);
//!
//! // The same by hand, one property at a time.
//! fn main() {
//!     let properties = testgen::properties::Properties::new(registry, "acme-sweep").cases(20);
//!     let tally = properties.check(testgen::properties::Property::ResultsUnchanged).expect("it holds");
//!     assert!(tally.compared > 20);
//! }
//! ```

mod check;
mod odd;

use crate::modules::Options;
use interp::evaluate::Settings;
use ir::reduce::ReduceOptions;
use pass::Registry;
use std::fmt;

/// One promise.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Property {
    /// The module verifies after the pass.
    OutputVerifies,
    /// Public functions are still there and compute the same.
    ResultsUnchanged,
    /// The same module becomes the same text.
    Deterministic,
    /// A second run changes nothing, if the pass is declared so.
    Idempotent,
    /// Ops that are not registered run as often as before, in the same order, on the same values.
    Conservative,
    /// The pass does not panic.
    NeverPanics,
}

/// What a check that passed has seen.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Tally {
    /// Modules that the pass ran on.
    pub ran: usize,
    /// Modules that the pass refused with a diagnostic.
    pub refused: usize,
    /// Runs of functions that were compared.
    pub compared: usize,
}

/// A promise that was not kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failure {
    /// The promise.
    pub property: Property,
    /// The pipeline.
    pub pipeline: String,
    /// The seed.
    pub seed: u64,
    /// The module's number among the [`cases`](crate::modules::cases) of the seed; none if it is not one of those, or if no single module
    /// is to blame.
    pub case: Option<usize>,
    /// What happened.
    pub message: String,
    /// A small module that it happens to; empty if no single module is to blame.
    pub module: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} does not hold of `{}`",
            self.property, self.pipeline
        )?;
        if let Some(case) = self.case {
            write!(f, " (seed {}, case {case})", self.seed)?;
        }
        writeln!(f, ": {}", self.message)?;
        f.write_str(&self.module)
    }
}

/// A pass, and what to try it on.
pub struct Properties {
    registry: Box<dyn Fn() -> Registry>,
    pass: String,
    target: String,
    cases: usize,
    seed: u64,
    samples: usize,
    options: Options,
    idempotent: bool,
}

impl Properties {
    /// A pass by its name, or steps of a pipeline as inside of `builtin.module(…)`. A pass on functions need not be nested.
    ///
    /// By default 200 modules of all registered ops, for the target `host`.
    pub fn new(registry: impl Fn() -> Registry + 'static, pass: &str) -> Properties {
        Properties {
            registry: Box::new(registry),
            pass: pass.to_owned(),
            target: "host".to_owned(),
            cases: 200,
            seed: 1,
            samples: 4,
            options: Options::default(),
            idempotent: false,
        }
    }

    /// Another number of modules.
    #[must_use]
    pub fn cases(mut self, cases: usize) -> Properties {
        self.cases = cases;
        self
    }

    /// Other modules.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Properties {
        self.seed = seed;
        self
    }

    /// Another number of runs of each function.
    #[must_use]
    pub fn samples(mut self, samples: usize) -> Properties {
        self.samples = samples;
        self
    }

    /// Another target, by name.
    #[must_use]
    pub fn target(mut self, name: &str) -> Properties {
        self.target = name.to_owned();
        self
    }

    /// What modules are made of.
    #[must_use]
    pub fn options(mut self, options: Options) -> Properties {
        self.options = options;
        self
    }

    /// Whether a second run must change nothing; true if every pass is declared so.
    #[must_use]
    pub fn idempotent(mut self, idempotent: bool) -> Properties {
        self.idempotent = idempotent;
        self
    }

    /// Checks one promise.
    ///
    /// # Errors
    /// The first module that breaks it, made small.
    pub fn check(&self, property: Property) -> Result<Tally, Box<Failure>> {
        check::check(self, property)
    }

    /// As [`check`](Self::check), for tests.
    ///
    /// # Panics
    /// If the promise is broken.
    #[track_caller]
    pub fn assert(&self, property: Property) {
        if let Err(failure) = self.check(property) {
            panic!("{failure}");
        }
    }

    fn settings(&self) -> Settings {
        Settings {
            bytes: 1 << 26,
            ..Settings::new(self.seed, self.samples).steps(1 << 22)
        }
    }
}

/// How long a failing module is made smaller.
const REDUCE: ReduceOptions = ReduceOptions { max_tries: 2000 };

/// Tests that a pass keeps its promises, in a module of this name; see [`properties`](crate::properties).
///
/// `registry` is an expression of type `pass::Registry`, `pass` the pass's name or steps of a pipeline. Further arguments are the
/// methods of [`Properties`]: `cases = 500, seed = 3, target = "cortex-m4", options = …`.
#[macro_export]
macro_rules! pass_properties {
    ($name:ident, registry = $registry:expr, pass = $pass:expr $(, $key:ident = $value:expr)* $(,)?) => {
        #[cfg(test)]
        mod $name {
            #[allow(unused_imports, reason = "the expressions may need them")]
            use super::*;
            use $crate::properties::{Properties, Property};

            fn properties() -> Properties {
                Properties::new(|| $registry, $pass)$(.$key($value))*
            }

            #[test]
            fn output_verifies() {
                properties().assert(Property::OutputVerifies);
            }

            #[test]
            fn results_unchanged() {
                properties().assert(Property::ResultsUnchanged);
            }

            #[test]
            fn is_deterministic() {
                properties().assert(Property::Deterministic);
            }

            #[test]
            fn is_idempotent() {
                properties().assert(Property::Idempotent);
            }

            #[test]
            fn is_conservative() {
                properties().assert(Property::Conservative);
            }

            #[test]
            fn never_panics() {
                properties().assert(Property::NeverPanics);
            }
        }
    };
}
