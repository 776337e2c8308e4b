//! What a rewrite rule of networks promises, on random instances: both sides compute the same, and not without the side condition.
//!
//! ```
//! use pass::{Registry, RewriteRule};
//! use testgen::laws::Law;
//!
//! let mut r = Registry::builder(target::Targets::builtin());
//! ir::dialects::register_all(&mut r.dialects)?;
//! interp::register(&mut r.dialects)?;
//! let registry = r.freeze();
//! let rules = RewriteRule::parse(
//!     "(rule acme.same-activation (left (nn.relu (as ?t (nn.relu ?x)))) (right (nn.relu ?x)) (when (same-type ?x ?t)))",
//! )?;
//! let law = Law::new(&registry, &rules[0]).instances(4000);
//! println!("{}", law.holds());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use crate::Choices;
use crate::network::Network;
use ir::text::print_module;
use ir::{Module, OpId};
use pass::{Registry, RewriteRule, When};
use std::fmt;

/// A network with the bytes of its inputs.
#[derive(Debug)]
pub struct Instance {
    /// The network; its function is `@main`.
    pub module: Module,
    /// One for each input.
    pub inputs: Vec<Vec<u8>>,
}

/// Draws instances.
pub type Draw<'a> = dyn Fn(&Registry, &mut Choices) -> Instance + 'a;

/// What was tried.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Tally {
    /// Places where the rule applied.
    pub applied: u64,
    /// Ops of the name at the top of the left side where it did not.
    pub refused: u64,
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "applied {} times, refused {}",
            self.applied, self.refused
        )
    }
}

/// A rule, and the instances that it is tried on.
pub struct Law<'a> {
    registry: &'a Registry,
    rule: &'a RewriteRule,
    instances: u64,
    tolerance: f32,
    draw: Box<Draw<'a>>,
}

impl<'a> Law<'a> {
    /// On 1,000 random networks of all ops of `nn`.
    pub fn new(registry: &'a Registry, rule: &'a RewriteRule) -> Law<'a> {
        Law {
            registry,
            rule,
            instances: 1000,
            tolerance: 1e-5,
            draw: Box::new(any_network),
        }
    }

    /// On so many.
    pub fn instances(mut self, instances: u64) -> Law<'a> {
        self.instances = instances;
        self
    }

    /// On networks that a function draws: where random ones rarely have the left side, or never what the condition excludes.
    pub fn draw(mut self, draw: impl Fn(&Registry, &mut Choices) -> Instance + 'a) -> Law<'a> {
        self.draw = Box::new(draw);
        self
    }

    /// How far apart floats may be by a [fast](RewriteRule::fast) rule, as a part of the largest output; 1e-5 if nothing is said.
    pub fn tolerance(mut self, tolerance: f32) -> Law<'a> {
        self.tolerance = tolerance;
        self
    }

    /// Both sides compute the same wherever the rule applies: the same bytes, unless the rule is fast.
    ///
    /// # Panics
    /// If they do not, with both networks; if the right side does not verify; if the rule applies nowhere.
    pub fn holds(&self) -> Tally {
        let mut tally = Tally::default();
        self.each(
            When::Holds,
            &mut tally,
            &mut |left, right, expected, found| {
                assert!(
                    found.is_some_and(|found| self.agree(expected, &found)),
                    "{} does not hold: {}\n{}\nis not\n{}",
                    self.rule.name(),
                    self.rule.equation(),
                    print_module(left),
                    print_module(right)
                );
                true
            },
        );
        assert!(
            tally.applied > 0,
            "{} applies to none of {} instances: {tally}",
            self.rule.name(),
            self.instances
        );
        tally
    }

    /// Whether the rule would be wrong without its side condition, on one of the instances.
    pub fn needs_its_condition(&self) -> bool {
        let mut wrong = false;
        let mut tally = Tally::default();
        self.each(When::Ignored, &mut tally, &mut |_, _, expected, found| {
            wrong |= !found.is_some_and(|found| self.agree(expected, &found));
            !wrong
        });
        wrong
    }

    /// Applies the rule at every op, one at a time; `check` gets both networks and what they compute, and says whether to go on.
    fn each(&self, when: When, tally: &mut Tally, check: &mut Check<'_>) {
        let Some(root) = self.rule.left().root() else {
            return;
        };
        for seed in 0..self.instances {
            let Instance { module, inputs } =
                (self.draw)(self.registry, &mut Choices::from_seed(seed));
            // A scale may be out of what an operator takes.
            let Ok(expected) = interp::run_nn(&module, &inputs) else {
                continue;
            };
            let main = module
                .lookup_symbol("main")
                .and_then(|f| module.entry_block(f));
            let ops: Vec<OpId> = main.into_iter().flat_map(|b| module.ops(b)).collect();
            for op in ops.into_iter().filter(|&o| module.op_name(o) == root.name) {
                let mut right = module.clone();
                if self.rule.apply(&mut right, op, when).is_none() {
                    tally.refused += 1;
                    continue;
                }
                tally.applied += 1;
                let sound = ir::verify::verify(&right).is_ok();
                let found = sound
                    .then(|| interp::run_nn(&right, &inputs).ok())
                    .flatten();
                if !check(&module, &right, &expected, found) {
                    return;
                }
            }
        }
    }

    fn agree(&self, expected: &[Vec<u8>], found: &[Vec<u8>]) -> bool {
        if !self.rule.is_fast() {
            return expected == found;
        }
        let floats = |bytes: &[u8]| -> Vec<f32> {
            let words = bytes.chunks_exact(4);
            words
                .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
                .collect()
        };
        expected.len() == found.len()
            && expected.iter().zip(found).all(|(a, b)| {
                let (a, b) = (floats(a), floats(b));
                let most = a.iter().fold(0f32, |m, x| m.max(x.abs()));
                let near = |(x, y): (&f32, &f32)| x == y || (x - y).abs() <= self.tolerance * most;
                a.len() == b.len() && a.iter().zip(&b).all(near)
            })
    }
}

type Check<'c> = dyn FnMut(&Module, &Module, &[Vec<u8>], Option<Vec<Vec<u8>>>) -> bool + 'c;

fn any_network(registry: &Registry, c: &mut Choices) -> Instance {
    let network = Network::draw(c);
    Instance {
        module: network.build(registry.dialects()),
        inputs: network.inputs(0),
    }
}
