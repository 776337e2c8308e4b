//! Accelerators: who computes a part of a network in one call, beside the core.

use crate::term::{SyntaxError, Term};
use crate::{Cost, KernelBuilder, Knobs, Schedule};
use ir::dialects::nn::OffloadOp;
use ir::{Diagnostic, OpId, OpRef};
use std::path::PathBuf;
use std::sync::Arc;
use target::Target;

/// An accelerator: the parts of a network that it may claim, and what a claim costs and becomes.
///
/// A claim is an [`nn.offload`](OffloadOp), whose region holds the ops that it stands for, with their constants. `rewrite-graph` offers one for
/// each place where a pattern fits and the schedule applies, beside the ops themselves, and takes what is cheapest; a claim that another of
/// the same accelerator feeds becomes one with it, if the schedule applies to both together and costs no more, and so do two that read one
/// value, if that costs less. The schedule then lowers the
/// claim, to an `mcu.call_extern` or to two ([`KernelBuilder::wait`]). Nothing is claimed unless the user names the accelerator.
#[derive(Clone)]
pub struct Accelerator {
    name: String,
    summary: String,
    claims: Vec<Term>,
    schedule: Arc<dyn Schedule>,
    code: Option<DriverCode>,
}

/// The C that a call of an accelerator needs, for models that are run.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct DriverCode {
    /// The name under which it is linked, as the `library` of the calls has it.
    pub library: String,
    /// C files.
    pub sources: Vec<PathBuf>,
    /// Folders of headers.
    pub include: Vec<PathBuf>,
}

impl Accelerator {
    /// With the schedule that lowers its claims: it is for `nn.offload`, and its [`name`](Schedule::name) is the accelerator's.
    pub fn new(summary: &str, schedule: impl Schedule + 'static) -> Accelerator {
        Accelerator {
            name: schedule.name().to_owned(),
            summary: summary.to_owned(),
            claims: Vec::new(),
            schedule: Arc::new(schedule),
            code: None,
        }
    }

    /// May also claim what a term fits, `(nn.max_pool_2d (nn.conv_2d ?x ..))`; a text may hold several. Operands that are constant become
    /// part of the claim.
    ///
    /// # Errors
    /// If something of the text is no term, or is a variable.
    pub fn claim(mut self, terms: &str) -> Result<Accelerator, SyntaxError> {
        for (at, term) in Term::parse_all(terms)? {
            if term.root().is_none() {
                let message = "an accelerator claims ops, not whatever value";
                return Err(SyntaxError::new(at, message));
            }
            self.claims.push(term);
        }
        Ok(self)
    }

    /// Comes with the C that its calls need.
    pub fn code(mut self, code: DriverCode) -> Accelerator {
        self.code = Some(code);
        self
    }

    /// Its name, by which the user asks for it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it is, in a sentence.
    pub fn summary(&self) -> &str {
        &self.summary
    }

    /// What it may claim.
    pub fn claims(&self) -> &[Term] {
        &self.claims
    }

    /// Says of an `nn.offload` whether it can be, and what it costs, and lowers it.
    pub fn schedule(&self) -> &dyn Schedule {
        &*self.schedule
    }

    /// The C that its calls need, if it comes with it.
    pub fn driver_code(&self) -> Option<&DriverCode> {
        self.code.as_ref()
    }

    /// Its schedule for the registry: one that leaves other accelerators' claims alone.
    pub(crate) fn for_its_own(&self) -> ForItsOwn {
        ForItsOwn(self.schedule.clone())
    }
}

impl std::fmt::Debug for Accelerator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Accelerator")
            .field("name", &self.name)
            .field("claims", &self.claims)
            .finish_non_exhaustive()
    }
}

pub(crate) struct ForItsOwn(Arc<dyn Schedule>);

impl Schedule for ForItsOwn {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn op(&self) -> &str {
        OffloadOp::NAME
    }

    fn applies(&self, op: OpRef<'_>, target: &Target) -> Result<(), String> {
        let m = op.module;
        let claimed = OffloadOp(op.id).accelerator(m);
        if claimed != self.0.name() {
            return Err(format!("`{claimed}` has claimed it"));
        }
        self.0.applies(op, target)
    }

    fn space(&self, op: OpRef<'_>, target: &Target) -> Vec<Knobs> {
        self.0.space(op, target)
    }

    fn cost(&self, op: OpRef<'_>, knobs: &Knobs, target: &Target) -> Cost {
        self.0.cost(op, knobs, target)
    }

    fn lower(
        &self,
        op: OpId,
        knobs: &Knobs,
        target: &Target,
        k: &mut KernelBuilder<'_>,
    ) -> Result<(), Diagnostic> {
        self.0.lower(op, knobs, target, k)
    }
}
