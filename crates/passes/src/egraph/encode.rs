//! From a function's `nn` ops to terms.

use super::graph::{Graph, Origin};
use super::term::{Operator, Term};
use egg::Id;
use ir::dialects::nn;
use ir::{BlockId, Module, OpId, TypeData, ValueId};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

/// An op of the block.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Item {
    /// It is a term of this class.
    Inside(OpId, Id),
    /// It stays where it is.
    Outside(OpId),
}

/// A block of which the pure `nn` ops are terms.
pub struct Encoded {
    /// The block.
    pub block: BlockId,
    /// Its ops, in order.
    pub items: Vec<Item>,
    /// The classes of values.
    pub classes: FxHashMap<ValueId, Id>,
    /// The classes that ops outside use.
    pub roots: Vec<Id>,
}

/// Adds the ops of a block to a graph that holds its module. What has effects, regions, discardable attributes or a use in another op's region, or is not
/// of `nn`, stays outside: its results are values from outside, and what it uses are roots.
pub fn encode(g: &mut Graph, block: BlockId) -> Encoded {
    let mut encoded = Encoded {
        block,
        items: Vec::new(),
        classes: FxHashMap::default(),
        roots: Vec::new(),
    };
    let ops: Vec<OpId> = g.module().ops(block).collect();
    for (position, op) in ops.into_iter().enumerate() {
        if !is_term(g.module(), op) {
            let used: Vec<ValueId> = g.module().operands(op).collect();
            let known = used.iter().filter_map(|v| encoded.classes.get(v));
            encoded.roots.extend(known);
            encoded.items.push(Item::Outside(op));
            continue;
        }
        let m = g.module();
        let operands: Vec<ValueId> = m.operands(op).collect();
        g.adding = Origin {
            locs: vec![m.op_loc(op)],
            rules: Vec::new(),
            position,
        };
        let operands: Vec<Id> = operands
            .into_iter()
            .map(|v| class_of(g, &mut encoded.classes, v))
            .collect();
        let class = add(g, op, &operands);
        let results = g.module().results(op).to_vec();
        if let [one] = results[..] {
            encoded.classes.insert(one, class);
        } else {
            for (i, v) in results.into_iter().enumerate() {
                let part = g.insert(Term::Part {
                    index: i as u32,
                    of: [class],
                });
                encoded.classes.insert(v, part);
            }
        }
        encoded.items.push(Item::Inside(op, class));
    }
    g.adding = Origin::default();
    g.rebuild();
    encoded
}

/// Whether an op is a term: a pure one of `nn` on tensors, and nothing else to it, that no region inside of another op uses.
fn is_term(m: &Module, op: OpId) -> bool {
    let is_used_here = |&v: &ValueId| {
        let mut users = m.uses(v).iter();
        users.all(|&(user, _)| m.op_block(user) == m.op_block(op))
    };
    let is_tensor = |v: ValueId| matches!(m.type_data(m.value_type(v)), TypeData::Tensor { .. });
    m.op_name(op).starts_with("nn.")
        && m.op_info(op).is_some_and(|i| i.traits.pure)
        && m.regions(op).is_empty()
        && m.discardables(op).is_empty()
        && !m.results(op).is_empty()
        && m.results(op).iter().all(is_used_here)
        && m.operands(op)
            .chain(m.results(op).iter().copied())
            .all(is_tensor)
}

fn class_of(g: &mut Graph, classes: &mut FxHashMap<ValueId, Id>, v: ValueId) -> Id {
    match classes.get(&v) {
        Some(&class) => class,
        None => {
            let class = g.add_outside(v);
            classes.insert(v, class);
            class
        }
    }
}

fn add(g: &mut Graph, op: OpId, operands: &[Id]) -> Id {
    let m = g.module();
    let value = nn::ConstantOp::cast(m, op).map(|c| c.value(m));
    let results: SmallVec<_> = m.results(op).iter().map(|&v| m.value_type(v)).collect();
    if let (Some(value), [ty]) = (value, &results[..]) {
        return g.add_constant(*ty, value);
    }
    let (name, props) = (m.op_name(op).to_owned(), m.props(op).to_vec());
    let name = g.module_mut().str(&name);
    g.add_op(
        Operator {
            name,
            props,
            results,
        },
        operands,
    )
}
