//! Claims: what an accelerator can compute is offered as an `nn.offload`, equal to the ops that it stands for.

use super::body::{Cut, offload};
use super::graph::{Graph, Node, Origin};
use super::matching::{Matched, places};
use ir::Loc;
use ir::rewrite::Fuel;
use pass::Accelerator;
use smallvec::SmallVec;
use target::Target;

/// A part of the given network that an accelerator's pattern fits, and that it does not take.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refusal {
    /// Who.
    pub accelerator: String,
    /// The name of the outermost op.
    pub op: String,
    /// Where it is.
    pub loc: Option<Loc>,
    /// Why.
    pub why: String,
}

/// Adds every claim to the e-graph, and says how many there are and which were refused. Each takes a unit of fuel.
pub fn claim(
    g: &mut Graph,
    accelerators: &[&Accelerator],
    target: &Target,
    fuel: &mut Fuel,
) -> (u64, Vec<Refusal>) {
    let (mut found, mut refused) = (0, Vec::new());
    for class in g.classes() {
        for root in g.nodes(class) {
            for accelerator in accelerators {
                for term in accelerator.claims().iter().filter_map(|t| t.root()) {
                    for (matched, _) in places(g, term, &root) {
                        if !fuel.is_left() {
                            g.rebuild();
                            return (found, refused);
                        }
                        match offer(g, accelerator, &matched, target) {
                            Ok(true) => {
                                fuel.take();
                                found += 1;
                            }
                            Ok(false) => {}
                            Err(why) => refused.extend(refusal(g, accelerator, &matched, why)),
                        }
                    }
                }
            }
        }
    }
    g.rebuild();
    refused.dedup();
    (found, refused)
}

/// Adds a claim; whether it is new.
///
/// # Errors
/// Why the accelerator does not take it.
fn offer(
    g: &mut Graph,
    accelerator: &Accelerator,
    matched: &Matched,
    target: &Target,
) -> Result<bool, String> {
    let root = matched.node.clone();
    let Cut { body, inputs } = Cut::of(g, matched);
    if inputs.is_empty() {
        return Ok(false);
    }
    let result = g.ty(root.class);
    let operator = offload(g, accelerator.name(), body, result);
    let operator = g.add_operator(operator);
    let node = Node {
        class: root.class,
        operator,
        operands: SmallVec::from_slice(&inputs),
    };
    let op = g.probe(&node, false);
    let applies = accelerator.schedule().applies(g.module().op(op), target);
    g.end_probe(op);
    applies?;
    g.adding = origin(g, accelerator.name(), matched);
    let class = g.insert(node.term());
    g.adding = Origin::default();
    Ok(g.egraph.union(root.class, class))
}

/// What a term that somebody makes of a place stands for.
pub(super) fn origin(g: &Graph, by: &str, matched: &Matched) -> Origin {
    let mut all = Origin::default();
    for node in matched.nodes() {
        let of = g.origin(&node.term());
        all.locs.extend(
            of.locs
                .iter()
                .filter(|l| !all.locs.contains(l))
                .copied()
                .collect::<Vec<_>>(),
        );
        for rule in of.rules {
            if !all.rules.contains(&rule) {
                all.rules.push(rule);
            }
        }
        // The outermost op comes last.
        all.position = of.position;
    }
    if all.rules.last().map(String::as_str) != Some(by) {
        all.rules.push(by.to_owned());
    }
    all
}

/// A refusal, if it is about ops of the given network.
fn refusal(
    g: &Graph,
    accelerator: &Accelerator,
    matched: &Matched,
    why: String,
) -> Option<Refusal> {
    let nodes = matched.nodes();
    let given = |n: &&Node| g.origin(&n.term()).rules.is_empty();
    nodes.iter().all(given).then(|| Refusal {
        accelerator: accelerator.name().to_owned(),
        op: g.name(&matched.node).to_owned(),
        loc: g.origin(&matched.node.term()).locs.first().copied(),
        why,
    })
}
