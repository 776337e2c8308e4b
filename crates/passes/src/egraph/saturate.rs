//! Applies rules until nothing new comes out, or a limit is reached. No clock is looked at.

use super::graph::{Graph, Node, Origin};
use super::rule::{Match, Rule};
use ir::interfaces::Folded;
use ir::rewrite::Fuel;
use ir::{Module, ValueDef, ValueId};
use rustc_hash::FxHashSet;
use std::fmt;

/// Terms at most.
pub const NODE_LIMIT: usize = 20_000;

/// Rounds at most, in each of which every rule is tried on every op.
pub const ITERATION_LIMIT: usize = 24;

/// Why saturation ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stop {
    /// No rule has anything new to say.
    Saturated,
    /// There are [`NODE_LIMIT`] terms.
    Nodes,
    /// There were [`ITERATION_LIMIT`] rounds.
    Iterations,
    /// The fuel is used up.
    Fuel,
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stop::Saturated => write!(f, "no rule has anything to add"),
            Stop::Nodes => write!(f, "stopped at {NODE_LIMIT} terms"),
            Stop::Iterations => write!(f, "stopped after {ITERATION_LIMIT} rounds"),
            Stop::Fuel => write!(f, "stopped without fuel"),
        }
    }
}

/// How rules are applied.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Conditions {
    /// Where their side conditions hold.
    Hold,
    /// Everywhere: for tests that a condition is necessary.
    Ignored,
}

/// Applies `rules` to everything until nothing changes, and says how many equalities were found. Each takes a unit of fuel.
pub fn saturate(
    graph: &mut Graph,
    rules: &[Rule],
    conditions: Conditions,
    fuel: &mut Fuel,
) -> (Stop, u64) {
    let mut found = 0;
    for _ in 0..ITERATION_LIMIT {
        let before = found;
        for class in graph.classes() {
            for root in graph.nodes(class) {
                for rule in rules {
                    for instance in instances(graph, rule, &root) {
                        if !fuel.is_left() {
                            graph.rebuild();
                            return (Stop::Fuel, found);
                        }
                        if apply(graph, rule, &instance, conditions) {
                            fuel.take();
                            found += 1;
                        }
                        if graph.len() > NODE_LIMIT {
                            graph.rebuild();
                            return (Stop::Nodes, found);
                        }
                    }
                }
                if fuel.is_left() && fold(graph, &root) {
                    fuel.take();
                    found += 1;
                }
            }
        }
        graph.rebuild();
        if found == before {
            return (Stop::Saturated, found);
        }
    }
    (Stop::Iterations, found)
}

fn instances(graph: &Graph, rule: &Rule, root: &Node) -> Vec<Match> {
    if !rule.roots.contains(&graph.name(root)) {
        return Vec::new();
    }
    if rule.inner.is_empty() {
        return vec![Match {
            root: root.clone(),
            inner: None,
        }];
    }
    let Some(&operand) = root.operands.first() else {
        return Vec::new();
    };
    let inner = graph.nodes(operand).into_iter();
    let fits = inner.filter(|n| rule.inner.contains(&graph.name(n)));
    fits.map(|n| Match {
        root: root.clone(),
        inner: Some(n),
    })
    .collect()
}

/// Adds a rule's right side and makes it equal to the left one; whether that was new.
fn apply(graph: &mut Graph, rule: &Rule, at: &Match, conditions: Conditions) -> bool {
    if conditions == Conditions::Hold && !(rule.when)(graph, at) {
        return false;
    }
    graph.adding = origin(graph, rule.name, at);
    let before = graph.equated;
    let built = (rule.build)(graph, at);
    graph.adding = Origin::default();
    let new = built.is_some_and(|class| {
        // Without its condition a rule may build what has another type, or none.
        let same = graph.ty(class) == graph.ty(at.root.class);
        (same || conditions == Conditions::Hold) && graph.egraph.union(at.root.class, class)
    });
    new || graph.equated != before
}

/// What a term that a rule makes of an instance stands for.
fn origin(graph: &Graph, rule: &str, at: &Match) -> Origin {
    let mut origin = graph.origin(&at.root.term());
    if let Some(inner) = &at.inner {
        let inner = graph.origin(&inner.term());
        let mut locs = inner.locs;
        locs.extend(origin.locs);
        let mut rules = inner.rules;
        for rule in origin.rules {
            if !rules.contains(&rule) {
                rules.push(rule);
            }
        }
        origin.locs = locs;
        origin.rules = rules;
    }
    let mut seen = FxHashSet::default();
    origin.locs.retain(|l| seen.insert(*l));
    if origin.rules.last().map(String::as_str) != Some(rule) {
        origin.rules.push(rule.to_owned());
    }
    origin
}

/// What the registered fold of an op knows, for every op that may compute its first operand; whether it was new.
fn fold(graph: &mut Graph, root: &Node) -> bool {
    let name = graph.name(root).to_owned();
    let Some(fold) = graph.module().registry().fold(&name).cloned() else {
        return false;
    };
    let mut inner: Vec<Option<Node>> = vec![None];
    if let Some(&operand) = root.operands.first() {
        inner.extend(graph.nodes(operand).into_iter().map(Some));
    }
    let mut new = false;
    for inner in inner {
        let op = graph.probe(root, false);
        if let Some(inner) = &inner {
            let behind = graph.probe(inner, false);
            let m = graph.module_mut();
            let leaf = m.operand(op, 0);
            let leaf = m.defining_op(leaf);
            // An operand of several results is seen through its parts only.
            let value = m.result(behind, 0);
            m.set_operand(op, 0, value);
            if let Some(leaf) = leaf {
                m.erase(leaf);
            }
        }
        let folded = fold.fold(graph.module_mut(), op);
        let value = folded.and_then(|f| match f[..] {
            [Folded::Value(v)] => class_of(graph.module(), v, op, root, inner.as_ref()),
            _ => None,
        });
        graph.end_probe(op);
        if let Some(class) = value.filter(|&c| graph.ty(c) == graph.ty(root.class)) {
            new |= graph.egraph.union(root.class, class);
        }
    }
    new
}

/// The class of a value of a probe: an operand of the op, or of the op behind its first operand.
fn class_of(
    m: &Module,
    v: ValueId,
    op: ir::OpId,
    root: &Node,
    inner: Option<&Node>,
) -> Option<egg::Id> {
    if let Some(i) = m.operands(op).position(|o| o == v) {
        return Some(root.operands[i]);
    }
    let ValueDef::Result(behind, _) = m.value_def(m.operand(op, 0)) else {
        return None;
    };
    let i = m.operands(behind).position(|o| o == v)?;
    Some(inner?.operands[i])
}
