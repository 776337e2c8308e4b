//! Passes.

use crate::{OptionError, PassOptions, Registry};
use ir::{Diagnostic, Diagnostics, Module, OpId};
use target::Target;

/// A pass failed; why is among the context's diagnostics.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Failed;

/// What a pass may know and where it reports to.
pub struct PassCx<'r> {
    /// What is registered.
    pub registry: &'r Registry,
    /// What is compiled for.
    pub target: &'r Target,
    /// Errors, warnings and remarks.
    pub diagnostics: Diagnostics,
}

impl<'r> PassCx<'r> {
    /// With no diagnostics yet.
    pub fn new(registry: &'r Registry, target: &'r Target) -> PassCx<'r> {
        PassCx {
            registry,
            target,
            diagnostics: Diagnostics::new(),
        }
    }

    /// Reports an error and fails.
    ///
    /// # Errors
    /// Always.
    pub fn fail<T>(&mut self, error: Diagnostic) -> Result<T, Failed> {
        self.diagnostics.push(error);
        Err(Failed)
    }
}

/// A transformation of the module, or of one op that it is anchored on.
pub trait Pass: Send + Sync {
    /// Changes `op`, which has the name that the pass is anchored on.
    ///
    /// # Errors
    /// If it cannot; the module is of no use then.
    fn run(&self, m: &mut Module, op: OpId, cx: &mut PassCx<'_>) -> Result<(), Failed>;
}

/// A registered pass.
#[derive(Clone)]
pub struct PassInfo {
    /// Unique name in kebab-case; a verb phrase.
    pub name: String,
    /// The name of the op that it runs on: `builtin.module` or `func.func`.
    pub anchor: String,
    /// What it does, in one sentence.
    pub summary: String,
    /// Makes the pass with options; rejects what it does not know.
    pub make: fn(&PassOptions) -> Result<Box<dyn Pass>, OptionError>,
}
