//! Schedules: how a tensor-level op becomes loops.

use crate::KernelBuilder;
use ir::{Diagnostic, OpId, OpRef};
use std::borrow::Cow;
use std::fmt;
use target::Target;

/// What one call of a kernel costs.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Cost {
    /// Core cycles of one call.
    pub cycles: u64,
    /// Bytes of code and of constant tables.
    pub flash: u64,
    /// Bytes of scratch.
    pub ram: u64,
}

/// A choice of a schedule's parameters, by name, in the schedule's order.
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
pub struct Knobs(Vec<(Cow<'static, str>, i64)>);

impl Knobs {
    /// Of name–value pairs.
    pub fn new(pairs: &[(&'static str, i64)]) -> Knobs {
        Self::named(pairs.iter().map(|&(k, v)| (Cow::Borrowed(k), v)))
    }

    /// Of pairs whose names are not known to the compiler.
    pub fn named(pairs: impl IntoIterator<Item = (Cow<'static, str>, i64)>) -> Knobs {
        Knobs(pairs.into_iter().collect())
    }

    /// The value of a knob, if there is one of the name.
    pub fn find(&self, name: &str) -> Option<i64> {
        self.0.iter().find(|k| k.0 == name).map(|k| k.1)
    }

    /// The value of a knob that the schedule itself put in.
    pub fn get(&self, name: &str) -> i64 {
        self.find(name)
            .expect("invariant: a schedule reads the knobs that it made")
    }
}

impl fmt::Display for Knobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (k, v)) in self.0.iter().enumerate() {
            write!(f, "{}{k}={v}", if i > 0 { "," } else { "" })?;
        }
        Ok(())
    }
}

/// Lowers one kind of op, for the targets and shapes that it is made for. Of all that apply, the cheapest is taken; of equally cheap
/// ones the first registered.
///
/// The kernel must compute what the interpreter computes for the op, bit for bit (floats: within the bound that the schedule's
/// documentation states). Code depends on shapes and knobs only, data goes through arguments, so that equal kernels are shared.
pub trait Schedule: Send + Sync {
    /// Unique name in kebab-case, `conv-2d-patch`.
    fn name(&self) -> &str;

    /// The full name of the op that it lowers, `nn.conv_2d`.
    fn op(&self) -> &str;

    /// Whether it can lower this op.
    ///
    /// # Errors
    /// The reason why not, in words.
    fn applies(&self, op: OpRef<'_>, target: &Target) -> Result<(), String>;

    /// The library that its kernels call, by name, if the user has added one: then a remark says of every op that it does not lower why, and
    /// the user can prefer it.
    fn library(&self) -> Option<&str> {
        None
    }

    /// The parameters to choose among; at least one choice.
    fn space(&self, op: OpRef<'_>, target: &Target) -> Vec<Knobs> {
        let _ = (op, target);
        vec![Knobs::default()]
    }

    /// What a choice costs.
    fn cost(&self, op: OpRef<'_>, knobs: &Knobs, target: &Target) -> Cost;

    /// Builds the kernel. `op` is in the module that `k` builds in, and stays as it is.
    ///
    /// # Errors
    /// What could not be lowered; nothing of the kernel is kept then.
    fn lower(
        &self,
        op: OpId,
        knobs: &Knobs,
        target: &Target,
        k: &mut KernelBuilder<'_>,
    ) -> Result<(), Diagnostic>;
}
