//! A chain of operators on single elements, int8 at both ends, is one table of 256 values, whatever happens in between.

use crate::egraph::graph::{Graph, Node};
use crate::egraph::rule::{Match, Rule, Soundness};
use egg::Id;
use ir::dialects::nn::{self, Element, element};
use ir::interfaces::Datum;
use smallvec::{SmallVec, smallvec};
use std::sync::Arc;

/// Operators whose result elements depend on one element each of operand 0, and on nothing else that varies.
const POINTWISE: &[&str] = &[
    nn::QuantizeOp::NAME,
    nn::DequantizeOp::NAME,
    nn::ReluOp::NAME,
    nn::Relu6Op::NAME,
    nn::LookupTableOp::NAME,
];

/// Operators of a chain at most.
const LONGEST_CHAIN: usize = 8;

pub(super) const RULES: &[Rule] = &[Rule {
    name: "unary-chain-as-table",
    family: "lookup_table",
    equation: "f(g(…(x))) = lookup_table(x, t), t[x] = f(g(…(x)))",
    condition: "x and the result are int8 of one scale, and the chain's operators have a value for every int8",
    soundness: Soundness::Exact,
    roots: POINTWISE,
    inner: POINTWISE,
    when: |g, at| {
        is_int8(g, at.root.class)
            && chain(g, at)
                .is_some_and(|c| is_int8(g, c[0].operands[0]) && has_constant_tables(g, &c))
    },
    build,
}];

/// The ops from the one on int8 to the root.
fn chain(g: &Graph, at: &Match) -> Option<SmallVec<[Node; 4]>> {
    let mut chain: SmallVec<[Node; 4]> = smallvec![at.root.clone(), at.inner().clone()];
    while element(g.module(), g.ty(chain[chain.len() - 1].operands[0])) != Element::QuantI8 {
        let behind = g.nodes(chain[chain.len() - 1].operands[0]);
        let next = behind
            .into_iter()
            .find(|n| POINTWISE.contains(&g.name(n)))?;
        chain.push(next);
        if chain.len() > LONGEST_CHAIN {
            return None;
        }
    }
    chain.reverse();
    Some(chain)
}

/// Whether a class is of int8 with one scale: with several, a value's place matters.
fn is_int8(g: &Graph, class: Id) -> bool {
    let (m, ty) = (g.module(), g.ty(class));
    element(m, ty) == Element::QuantI8 && m.quant_of(ty).is_some_and(|q| q.axis.is_none())
}

fn has_constant_tables(g: &Graph, chain: &[Node]) -> bool {
    chain
        .iter()
        .all(|n| n.operands[1..].iter().all(|&c| g.is_constant(c)))
}

fn build(g: &mut Graph, at: &Match) -> Option<Id> {
    let chain = chain(g, at)?;
    let input = chain[0].operands[0];
    let all: Arc<[u8]> = (0..=255).collect();
    let mut value = Datum::Bytes(all);
    for node in &chain {
        value = on_256_elements(g, node, value)?;
    }
    let Datum::Bytes(bytes) = value else {
        return None;
    };
    let result = g.ty(at.root.class);
    let m = g.module_mut();
    let elem = m.type_data(result).elem()?;
    let storage = m.storage_type(elem);
    let (of_table, of_bytes) = (m.tensor(&[256], elem), m.tensor(&[256], storage));
    let value = m.dense_attr(of_bytes, bytes);
    let table = g.add_constant(of_table, value);
    Some(g.add(nn::LookupTableOp::NAME, &[input, table], &[], result))
}

/// What an operator on single elements makes of 256 elements.
fn on_256_elements(g: &mut Graph, node: &Node, input: Datum) -> Option<Datum> {
    let mut args: SmallVec<[Datum; 2]> = smallvec![input];
    for &operand in &node.operands[1..] {
        let value = g.value(operand)?;
        args.push(ir::rewrite::fold::datum(g.module(), value)?);
    }
    g.interpret_as(node, &[256], &args)
}
