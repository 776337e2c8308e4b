//! Random modules of the loop level: a placed `@main` that calls kernels of `scf`, `arith`, `memref`, `vector` and `math`.
//!
//! Whatever is drawn is defined: every access is inside of its buffer, nothing is read that was not written, `nsw` stands only where
//! the operands' ranges prove it, shift amounts are below the width, divisors are not 0, `index` does not wrap, floats are finite.
//! So any two ways to run a module must agree on every output byte.

mod access;
mod arithmetic;
mod body;
mod floats;
mod placed;
mod plan;
mod range;
mod scope;

use crate::choices::Choices;
use ir::{DialectRegistry, Module};
use proptest::strategy::Strategy;
use std::sync::Arc;

/// The file name in the modules' locations.
pub const FILE: &str = "random.mlir";

/// What modules may use; all by default.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Features {
    /// `f32`.
    pub floats: bool,
    /// `math.exp`, whose bits depend on who implements it; only with floats.
    pub exp: bool,
    /// `vector.load`, `.store`, `.bitcast`, `.extract`.
    pub vectors: bool,
    /// Loops that count in `i32` instead of `index`.
    pub integer_loops: bool,
}

impl Features {
    /// Everything.
    pub const ALL: Features = Features {
        floats: true,
        exp: true,
        vectors: true,
        integer_loops: true,
    };

    /// What every implementation computes to the same bits, also those with an `expf` of their own.
    pub const PORTABLE: Features = Features {
        exp: false,
        ..Features::ALL
    };
}

impl Default for Features {
    fn default() -> Features {
        Features::ALL
    }
}

/// A module, as the choices that it is drawn from.
#[derive(Clone, Debug)]
pub struct Case {
    choices: Choices,
    features: Features,
}

impl Case {
    /// The module of some choices.
    pub fn new(choices: Choices, features: Features) -> Case {
        Case { choices, features }
    }

    /// The module.
    pub fn build(&self, registry: &Arc<DialectRegistry>) -> Module {
        placed::build(self.choices.clone(), self.features, registry)
    }
}

/// Random bytes for the inputs of a module that a [`Case`] built: any int8s, floats of at most 1000, which the module relies on.
pub fn inputs(m: &Module, sample: u64) -> Vec<Vec<u8>> {
    placed::inputs(m, sample)
}

/// Choices that a module takes at most.
const CHOICES: usize = 3000;

/// Modules.
pub fn strategy(features: Features) -> impl Strategy<Value = Case> {
    Choices::strategy(CHOICES).prop_map(move |c| Case::new(c, features))
}

/// `count` modules that follow from a seed: the first modules of a seed stay when `count` grows.
pub fn cases(features: Features, seed: u64, count: usize) -> Vec<Case> {
    (0..count)
        .map(|i| Case::new(Choices::for_case(seed, i), features))
        .collect()
}
