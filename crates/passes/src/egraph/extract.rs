//! Chooses a term of every class, so that all that is needed together costs least.
//!
//! What two terms share is counted once. A greedy pass keeps, for each class, the cheapest set of terms that it needs; then single choices
//! are changed as long as the whole gets cheaper, since a term that is needed anyway costs nothing more. Both are bounded.

use super::cost::Costs;
use super::graph::{Graph, Node};
use super::term::Term;
use egg::{Id, Language};
use pass::Cost;
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeMap;

/// Rounds of either pass at most.
const ROUNDS: usize = 64;

/// What a class is computed by.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Choice {
    /// A term.
    Term(Term),
    /// A constant that is computed at compile time.
    Computed,
}

impl Choice {
    fn children(&self) -> &[Id] {
        match self {
            Choice::Term(t) => t.children(),
            Choice::Computed => &[],
        }
    }
}

/// What counts how much.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Weights {
    /// Of a cycle.
    pub cycles: u64,
    /// Of a byte of code or of a constant.
    pub flash: u64,
    /// Of a byte of an intermediate result.
    pub results: u64,
}

/// A choice for each class that is needed.
pub type Choices = BTreeMap<Id, Choice>;

/// The choices for a class, with their own costs.
type Options = FxHashMap<Id, Vec<(Choice, u128)>>;

/// Chooses for everything that `roots` need; `None` if some class has no choice within the bounds.
pub fn extract(
    g: &mut Graph,
    costs: &mut Costs<'_>,
    roots: &[Id],
    weights: Weights,
) -> Option<Choices> {
    let roots: Vec<Id> = roots.iter().map(|&r| g.egraph.find(r)).collect();
    let classes = g.classes();
    let mut options = Options::default();
    for &class in &classes {
        let of_class = options_of(g, costs, class, weights);
        options.insert(class, of_class);
    }
    let best = greedy(g, &classes, &options);
    let mut chosen = BTreeMap::new();
    for &class in &classes {
        if let Some(best) = best.get(&class) {
            chosen.insert(class, best.choice);
        }
    }
    improve(g, &roots, &options, &mut chosen);
    let needed = needed(g, &roots, &options, &chosen)?;
    let choices = needed
        .into_iter()
        .map(|c| (c, options[&c][chosen[&c]].0.clone()));
    Some(choices.collect())
}

fn options_of(
    g: &mut Graph,
    costs: &mut Costs<'_>,
    class: Id,
    weights: Weights,
) -> Vec<(Choice, u128)> {
    let bytes = |g: &Graph| {
        let types = &g.egraph[class].data.types;
        let sizes = types.iter().map(|&t| g.module().size_bytes(t).unwrap_or(0));
        sizes.sum::<u64>()
    };
    let weigh = |cost: Cost, results: u64| {
        1 + u128::from(cost.cycles) * u128::from(weights.cycles)
            + u128::from(cost.flash) * u128::from(weights.flash)
            + u128::from(results) * u128::from(weights.results)
    };
    let table = Cost {
        flash: bytes(g),
        ..Cost::default()
    };
    let mut options = Vec::new();
    let mut is_known = false;
    for term in g.egraph[class].nodes.clone() {
        let cost = match &term {
            Term::Outside(_) | Term::Part { .. } => weigh(Cost::default(), 0),
            Term::Constant(_) => {
                is_known = true;
                weigh(table, 0)
            }
            Term::Op { operator, operands } => {
                let node = Node {
                    class,
                    operator: *operator,
                    operands: operands.clone(),
                };
                let is_view = g.name(&node) == ir::dialects::nn::ReshapeOp::NAME;
                let results = if is_view { 0 } else { bytes(g) };
                weigh(costs.of(g, &node), results)
            }
        };
        options.push((Choice::Term(term), cost));
    }
    if g.is_constant(class) && !is_known && g.value(class).is_some() {
        options.push((Choice::Computed, weigh(table, 0)));
    }
    options
}

struct Best {
    total: u128,
    choice: usize,
    /// Every class that is needed, with its own cost.
    needs: BTreeMap<Id, u128>,
}

fn greedy(g: &Graph, classes: &[Id], options: &Options) -> FxHashMap<Id, Best> {
    let mut best: FxHashMap<Id, Best> = FxHashMap::default();
    for _ in 0..ROUNDS {
        let mut changed = false;
        for &class in classes {
            for (choice, (option, own)) in options[&class].iter().enumerate() {
                let Some(needs) = needs(g, class, option, &best) else {
                    continue;
                };
                let total = own + needs.values().sum::<u128>();
                if best.get(&class).is_none_or(|b| total < b.total) {
                    let mut needs = needs;
                    needs.insert(class, *own);
                    best.insert(
                        class,
                        Best {
                            total,
                            choice,
                            needs,
                        },
                    );
                    changed = true;
                }
            }
        }
        if !changed {
            break;
        }
    }
    best
}

/// What a choice needs beside itself; `None` if something has no choice yet, or it needs its own class.
fn needs(
    g: &Graph,
    class: Id,
    option: &Choice,
    best: &FxHashMap<Id, Best>,
) -> Option<BTreeMap<Id, u128>> {
    let mut all = BTreeMap::new();
    for &child in option.children() {
        let child = best.get(&g.egraph.find(child))?;
        if child.needs.contains_key(&class) {
            return None;
        }
        all.extend(child.needs.iter().map(|(&c, &n)| (c, n)));
    }
    Some(all)
}

/// The classes that the roots need under a choice; `None` if one has no choice, or needs itself.
fn needed(
    g: &Graph,
    roots: &[Id],
    options: &Options,
    chosen: &BTreeMap<Id, usize>,
) -> Option<Vec<Id>> {
    let (mut done, mut open) = (FxHashSet::default(), FxHashSet::default());
    let mut order = Vec::new();
    // A class is left when it is met the second time.
    let mut next: Vec<(Id, bool)> = roots.iter().rev().map(|&r| (r, false)).collect();
    while let Some((class, leaving)) = next.pop() {
        if leaving {
            open.remove(&class);
            if done.insert(class) {
                order.push(class);
            }
            continue;
        }
        if done.contains(&class) {
            continue;
        }
        if !open.insert(class) {
            return None;
        }
        next.push((class, true));
        let choice = &options[&class][*chosen.get(&class)?].0;
        for &child in choice.children().iter().rev() {
            next.push((g.egraph.find(child), false));
        }
    }
    Some(order)
}

fn total(g: &Graph, roots: &[Id], options: &Options, chosen: &BTreeMap<Id, usize>) -> Option<u128> {
    let needed = needed(g, roots, options, chosen)?;
    Some(needed.iter().map(|c| options[c][chosen[c]].1).sum())
}

/// Changes single choices as long as the whole gets cheaper.
fn improve(g: &Graph, roots: &[Id], options: &Options, chosen: &mut BTreeMap<Id, usize>) {
    let Some(mut least) = total(g, roots, options, chosen) else {
        return;
    };
    for _ in 0..ROUNDS {
        let before = least;
        for class in needed(g, roots, options, chosen).unwrap_or_default() {
            for other in 0..options[&class].len() {
                let old = chosen[&class];
                if other == old {
                    continue;
                }
                chosen.insert(class, other);
                match total(g, roots, options, chosen) {
                    Some(t) if t < least => least = t,
                    _ => {
                        chosen.insert(class, old);
                    }
                }
            }
        }
        if least == before {
            break;
        }
    }
}
