//! Makes a module smaller while something still holds of it: a failing module becomes a test case.
//!
//! [`reduce`] deletes ops, functions, arguments and results, puts the contents of regions in their op's place, drops attributes and
//! locations, and turns constants into zeros, in large chunks first. It keeps what the verifier said of the module: a module that
//! verifies stays one that does. The same module and predicate give the same result.
//!
//! ```
//! use ir::reduce::{ReduceOptions, reduce};
//! use ir::{Builder, DialectRegistry, Loc, Module, WalkOrder, dialects};
//! use std::sync::Arc;
//!
//! let mut registry = DialectRegistry::builder();
//! dialects::register_all(&mut registry)?;
//! let mut m = Module::new(Arc::new(registry.freeze()));
//! let i32 = m.i32();
//! let (_, entry) = dialects::func::build_func(&mut m, "f", &[i32], &[i32], Loc::UNKNOWN);
//! let mut x = m.block_args(entry)[0];
//! let mut b = Builder::at_end(&mut m, entry);
//! for _ in 0..50 {
//!     x = b.addi(x, x);
//! }
//! x = b.xori(x, x);
//! b.op("func.return", &[x], &[]);
//!
//! let holds_xori = |m: &Module| m.walk(m.root(), WalkOrder::Pre).iter().any(|&op| m.op_name(op) == "arith.xori");
//! let small = reduce(&m, &mut |m| holds_xori(m), &ReduceOptions::default());
//! // The module, the function, the op that matters, and a terminator.
//! assert_eq!(small.walk(small.root(), WalkOrder::Pre).len(), 4);
//! # Ok::<(), ir::RegistryError>(())
//! ```

mod bypass;
mod constants;
mod delete;
mod regions;
mod signature;
mod size;

use crate::verify::{VerifyOptions, verify_with};
use crate::{Module, OpId, WalkOrder};
use size::Size;

/// How long to try.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ReduceOptions {
    /// How often the predicate is asked at most.
    pub max_tries: usize,
}

impl Default for ReduceOptions {
    fn default() -> ReduceOptions {
        ReduceOptions { max_tries: 10_000 }
    }
}

/// The smallest module found for which `holds`, which must hold of `m` itself; otherwise the result is a copy of `m`.
///
/// `holds` gets modules that the verifier accepts if it accepts `m`, and modules whose only errors are ops that are not registered if
/// that is so for `m`; if `m` has other errors, the modules are not verified.
pub fn reduce(
    m: &Module,
    holds: &mut dyn FnMut(&Module) -> bool,
    options: &ReduceOptions,
) -> Module {
    if !holds(m) {
        return m.clone();
    }
    let mut search = Search {
        size: Size::of(m),
        health: Health::of(m),
        best: m.clone(),
        holds,
        left: options.max_tries,
    };
    while search.round() && search.left > 0 {}
    search.best
}

/// What the verifier says of a module, the best first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Health {
    Verifies,
    OnlyUnregistered,
    Broken,
}

impl Health {
    fn of(m: &Module) -> Health {
        let check = |allow_unregistered| verify_with(m, &VerifyOptions { allow_unregistered });
        if check(false).is_ok() {
            Health::Verifies
        } else if check(true).is_ok() {
            Health::OnlyUnregistered
        } else {
            Health::Broken
        }
    }
}

struct Search<'p> {
    best: Module,
    size: Size,
    health: Health,
    holds: &'p mut dyn FnMut(&Module) -> bool,
    left: usize,
}

impl Search<'_> {
    /// Tries everything once; whether anything became smaller.
    fn round(&mut self) -> bool {
        let mut progress = false;
        let top: Vec<OpId> = self.best.ops(self.best.body()).collect();
        progress |= self.chunks(&top, delete::symbols);
        let ops = self.ops();
        progress |= self.chunks(&ops, delete::ops);
        progress |= self.single(regions::candidates, regions::apply);
        progress |= self.single(bypass::candidates, bypass::apply);
        progress |= self.single(signature::candidates, signature::apply);
        let ops = self.ops();
        progress |= self.chunks(&ops, constants::forget_locations);
        progress |= self.single(constants::candidates, constants::apply);
        progress
    }

    /// Every op, users before what they use, as far as the order of ops says.
    fn ops(&self) -> Vec<OpId> {
        let mut ops = self.best.walk(self.best.root(), WalkOrder::Pre);
        ops.reverse();
        ops
    }

    /// Edits half of the items at once, then the other half, then quarters, down to single ones.
    fn chunks(&mut self, items: &[OpId], edit: fn(&mut Module, &[OpId])) -> bool {
        let mut progress = false;
        let mut length = items.len();
        while length > 0 {
            for chunk in items.chunks(length) {
                progress |= self.attempt(|m| edit(m, chunk));
            }
            length = if length == 1 { 0 } else { length.div_ceil(2) };
        }
        progress
    }

    /// Tries edits one by one; they are listed for the module as it is at the start, and do nothing when they do not fit any more.
    fn single<E>(&mut self, candidates: fn(&Module) -> Vec<E>, apply: fn(&mut Module, &E)) -> bool {
        let mut progress = false;
        for edit in candidates(&self.best) {
            progress |= self.attempt(|m| apply(m, &edit));
        }
        progress
    }

    /// Takes an edit if the module becomes smaller, stays sound, and the predicate holds.
    fn attempt(&mut self, edit: impl FnOnce(&mut Module)) -> bool {
        if self.left == 0 {
            return false;
        }
        let mut next = self.best.clone();
        edit(&mut next);
        let size = Size::of(&next);
        if size >= self.size {
            return false;
        }
        if self.health < Health::Broken && Health::of(&next) > self.health {
            return false;
        }
        self.left -= 1;
        if !(self.holds)(&next) {
            return false;
        }
        self.best = next;
        self.size = size;
        true
    }
}

/// Whether an op ends its block: by its trait, or, if it is not registered, by standing last below the top level.
fn ends_block(m: &Module, op: OpId) -> bool {
    match m.op_info(op) {
        Some(info) => info.traits.terminator,
        None => {
            let last = m.op_block(op).and_then(|b| m.last_op(b)) == Some(op);
            last && m.parent_op(op) != Some(m.root())
        }
    }
}
