//! Random modules of any registered ops: also of a third party's dialect that this crate has never heard of.
//!
//! A [`Case`] builds a few functions on scalars, on tensors and on buffers, that call each other; sometimes beside a random network
//! ([`network`](crate::network)) or a placed module of kernels ([`loops`](crate::loops)). Bodies are ops of the registry, each with
//! operands of the kinds that its declaration asks for, attributes of the declared kinds, and result types by trait, by the interface
//! [`InferTypes`](ir::interfaces::InferTypes), or by trial: what the op's verifier refuses is not taken. `scf` loops and conditionals
//! nest; regions of unknown ops are filled if their verifier can be satisfied. There is something to do for every optimisation:
//! constants, neutral elements, equal subexpressions, dead code, loop invariants, calls.
//!
//! Every module verifies. It may compute what is undefined (overflow under `nsw`, division by zero), though most runs are defined:
//! loops on buffers stay inside, trip counts are small.
//!
//! ```
//! use std::sync::Arc;
//! use testgen::modules::{Options, cases};
//!
//! ir::define_op! {
//!     /// `acme.clamp`: a vendor's op.
//!     pub struct ClampOp = "acme.clamp" {
//!         traits: { pure, same_type },
//!         operands: { value: one Int },
//!         results: { result: one Int },
//!         attrs: { bits: req Int },
//!     }
//! }
//! let mut registry = ir::DialectRegistry::builder();
//! ir::dialects::register_all(&mut registry)?;
//! registry.op(ClampOp::info())?;
//! let registry = Arc::new(registry.freeze());
//!
//! let options = Options::default().favour("acme");
//! let mut found = 0;
//! for case in cases(&options, 1, 20) {
//!     let m = case.build(&registry);
//!     assert!(ir::verify::verify(&m).is_ok());
//!     let all = m.walk(m.root(), ir::WalkOrder::Pre);
//!     found += all.iter().filter(|&&op| m.op_name(op) == "acme.clamp").count();
//! }
//! assert!(found > 20);
//! # Ok::<(), ir::RegistryError>(())
//! ```

mod attributes;
mod body;
mod control;
mod generic;
mod memory;
mod scope;
mod types;

use crate::choices::Choices;
use body::Generator;
use ir::{DialectRegistry, Module};
use proptest::strategy::Strategy;
use std::sync::Arc;

/// What modules may be made of; by default all registered ops, and no others.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Options {
    dialects: Option<Vec<String>>,
    ops: Option<Vec<String>>,
    favoured: Vec<String>,
    unregistered: bool,
    whole: bool,
    size: u32,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            dialects: None,
            ops: None,
            favoured: Vec::new(),
            unregistered: false,
            whole: true,
            size: 24,
        }
    }
}

impl Options {
    /// Only ops of some dialects, beside functions.
    #[must_use]
    pub fn dialects(mut self, names: &[&str]) -> Options {
        self.dialects = Some(names.iter().map(|&n| n.to_owned()).collect());
        self
    }

    /// Only some ops, by full name, beside functions.
    #[must_use]
    pub fn ops(mut self, names: &[&str]) -> Options {
        self.ops = Some(names.iter().map(|&n| n.to_owned()).collect());
        self
    }

    /// Every second op is of this dialect, as far as its operands can be had.
    #[must_use]
    pub fn favour(mut self, dialect: &str) -> Options {
        self.favoured.push(dialect.to_owned());
        self
    }

    /// With ops that nobody registered; such a module verifies only with
    /// [`allow_unregistered`](ir::verify::VerifyOptions::allow_unregistered).
    #[must_use]
    pub fn unregistered(mut self, some: bool) -> Options {
        self.unregistered = some;
        self
    }

    /// Whether a module may hold a random network or a placed module of kernels, as `@main`. Without, there is no `@main`.
    #[must_use]
    pub fn whole_programs(mut self, some: bool) -> Options {
        self.whole = some;
        self
    }

    /// About how many ops a function has at most; 24 by default.
    #[must_use]
    pub fn size(mut self, ops: u32) -> Options {
        self.size = ops.max(1);
        self
    }

    /// Whether an op may be made.
    fn allow(&self, name: &str) -> bool {
        let dialect = name.split('.').next().unwrap_or_default();
        let in_list = |list: &Option<Vec<String>>, n: &str| {
            list.as_ref().is_none_or(|l| l.iter().any(|x| x == n))
        };
        in_list(&self.dialects, dialect) && in_list(&self.ops, name)
    }
}

/// A module, as the choices that it is drawn from.
#[derive(Clone, Debug)]
pub struct Case {
    choices: Choices,
    options: Options,
}

impl Case {
    /// The module of some choices.
    pub fn new(choices: Choices, options: Options) -> Case {
        Case { choices, options }
    }

    /// The module of a fuzzer's bytes.
    pub fn from_bytes(bytes: &[u8], options: Options) -> Case {
        Case::new(Choices::from_bytes(bytes), options)
    }

    /// The module, of the ops of a registry; `func` must be among its dialects, or the module is empty.
    pub fn build(&self, registry: &Arc<DialectRegistry>) -> Module {
        Generator::new(self.choices.clone(), &self.options, registry).module()
    }
}

/// Choices that a module takes at most.
const CHOICES: usize = 2000;

/// Modules.
pub fn strategy(options: Options) -> impl Strategy<Value = Case> {
    Choices::strategy(CHOICES).prop_map(move |c| Case::new(c, options.clone()))
}

/// `count` modules that follow from a seed: the first modules of a seed stay when `count` grows.
pub fn cases(options: &Options, seed: u64, count: usize) -> Vec<Case> {
    (0..count).map(|i| case(options, seed, i)).collect()
}

/// The `i`-th of the [`cases`] of a seed.
pub fn case(options: &Options, seed: u64, i: usize) -> Case {
    Case::new(Choices::for_case(seed, i), options.clone())
}
