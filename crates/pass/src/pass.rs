//! Passes.

use crate::analysis::{Analyses, Analysis};
use crate::{Registry, Reproducer, Statistics};
use ir::rewrite::Fuel;
use ir::{Diagnostic, Diagnostics, Module, OpId};
use std::sync::Arc;
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
    /// Taken from before each change that is not needed for a correct result.
    pub fuel: Fuel,
    /// What passes counted.
    pub statistics: Statistics,
    /// Whether a pass may run programs that the pipeline names.
    pub allow_external: bool,
    /// What repeats the failure, if a pass failed or panicked and [`keep_reproducer`](crate::ManagerOptions::keep_reproducer) was set.
    pub reproducer: Option<Reproducer>,
    pub(crate) analyses: Analyses,
    pub(crate) running: String,
}

impl<'r> PassCx<'r> {
    /// With no diagnostics yet, unlimited fuel, and no permission to run programs.
    pub fn new(registry: &'r Registry, target: &'r Target) -> PassCx<'r> {
        PassCx {
            registry,
            target,
            diagnostics: Diagnostics::new(),
            fuel: Fuel::unlimited(),
            statistics: Statistics::default(),
            allow_external: false,
            reproducer: None,
            analyses: Analyses::default(),
            running: String::new(),
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

    /// Adds to a count of the running pass.
    pub fn count(&mut self, what: &str, n: u64) {
        self.statistics.add(&self.running, what, n);
    }

    /// An analysis of an op, computed unless it is known and nothing changed since.
    pub fn analysis<A: Analysis>(&mut self, m: &Module, op: OpId) -> Arc<A> {
        self.analyses.get(m, op)
    }

    /// Says that the changes of the running pass leave an analysis true.
    pub fn preserve<A: Analysis>(&mut self) {
        self.analyses.preserve(A::NAME);
    }

    /// Says that the changes of the running pass leave every analysis true.
    pub fn preserve_all(&mut self) {
        self.analyses.preserve_all();
    }
}

/// A transformation of the module, or of one op that it is anchored on.
///
/// A pass that meets an op it does not know leaves it, what it uses and its place among other effects alone. It is deterministic, and
/// takes a unit of [`fuel`](PassCx::fuel) for each change that need not be.
pub trait Pass: Send + Sync {
    /// Changes `op`, which has the name that the pass is anchored on.
    ///
    /// # Errors
    /// If it cannot; the module is of no use then.
    fn run(&self, m: &mut Module, op: OpId, cx: &mut PassCx<'_>) -> Result<(), Failed>;
}

/// A function is a pass.
impl<F> Pass for F
where
    F: Fn(&mut Module, OpId, &mut PassCx<'_>) -> Result<(), Failed> + Send + Sync,
{
    fn run(&self, m: &mut Module, op: OpId, cx: &mut PassCx<'_>) -> Result<(), Failed> {
        self(m, op, cx)
    }
}
