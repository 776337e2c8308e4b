//! A chain of operators on single elements, int8 at both ends, is one table of 256 values, whatever happens in between.

use super::parts::{BINARY, POINTWISE, bytes, constant, is_int8};
use crate::egraph::graph::{Graph, Node};
use crate::egraph::rule::{Match, Rule, Soundness};
use egg::Id;
use ir::dialects::nn;
use ir::interfaces::Datum;
use smallvec::SmallVec;
use std::sync::Arc;

/// Operators of a chain at most.
const LONGEST_CHAIN: usize = 8;

/// Elements of a table.
const ALL: &[i64] = &[nn::TABLE_LENGTH];

pub(super) const RULES: &[Rule] = &[Rule {
    name: "unary-chain-as-table",
    family: "lookup_table",
    equation: "f(g(…(x))) = lookup_table(x, t), t[x] = f(g(…(x)))",
    condition: "x and the result are int8 of one scale; an op of two tensors in the chain is of one number, or of one tensor twice; and all have a value for every int8",
    soundness: Soundness::Exact,
    roots: &[
        nn::QuantizeOp::NAME,
        nn::DequantizeOp::NAME,
        nn::ReluOp::NAME,
        nn::Relu6Op::NAME,
        nn::LookupTableOp::NAME,
        nn::LogisticOp::NAME,
        nn::TanhOp::NAME,
        nn::HardSwishOp::NAME,
        nn::LeakyReluOp::NAME,
        nn::AddOp::NAME,
        nn::SubOp::NAME,
        nn::MulOp::NAME,
        nn::MaximumOp::NAME,
        nn::MinimumOp::NAME,
        nn::PreluOp::NAME,
    ],
    inner: &[],
    when: |g, at| is_int8(g, at.root.class) && chain(g, &at.root).is_some(),
    build,
}];

/// An operator whose result elements depend on one element each of a class.
struct Link {
    node: Node,
    /// The class.
    of: Id,
}

/// Whether an op is of two tensors, element by element.
fn is_binary(name: &str) -> bool {
    BINARY.contains(&name) || name == nn::PreluOp::NAME
}

/// The node as a link, if it is one.
fn link(g: &mut Graph, node: &Node) -> Option<Link> {
    let of = if POINTWISE.contains(&g.name(node)) {
        let known = |&c: &Id| g.is_constant(c);
        node.operands[1..]
            .iter()
            .all(known)
            .then(|| node.operands[0])
    } else if is_binary(g.name(node)) {
        let (a, b) = (node.operands[0], node.operands[1]);
        let same = g.egraph.find(a) == g.egraph.find(b);
        let both = [(a, b), (b, a)];
        let found = both.into_iter().find(|&(x, c)| {
            (same || one_number(g, c).is_some()) && g.shape(x) == g.shape(node.class)
        });
        found.map(|(x, _)| x)
    } else {
        None
    };
    of.map(|of| Link {
        node: node.clone(),
        of,
    })
}

/// The bytes of the one element that a constant consists of, however often.
fn one_number(g: &mut Graph, class: Id) -> Option<Vec<u8>> {
    let elements = g.module().num_elements(g.ty(class))? as usize;
    let bytes = bytes(g, class)?;
    let width = bytes.len().checked_div(elements)?;
    let mut each = bytes.chunks_exact(width.max(1));
    let first = each.next()?;
    each.all(|x| x == first).then(|| first.to_vec())
}

/// The links from the one on int8 to this node; the shortest way behind the first operator of each class.
fn chain(g: &mut Graph, root: &Node) -> Option<Vec<Link>> {
    let mut chain = vec![link(g, root)?];
    loop {
        let last = &chain[chain.len() - 1];
        if is_int8(g, last.of) {
            break;
        }
        let behind = g.nodes(last.of);
        let next = behind.iter().find_map(|n| link(g, n))?;
        chain.push(next);
        if chain.len() > LONGEST_CHAIN {
            return None;
        }
    }
    chain.reverse();
    // A table is a table already.
    let is_table = chain.len() == 1 && g.name(root) == nn::LookupTableOp::NAME;
    (!is_table).then_some(chain)
}

fn build(g: &mut Graph, at: &Match) -> Option<Id> {
    let chain = chain(g, &at.root)?;
    let input = chain[0].of;
    let all: Arc<[u8]> = (0..=255).collect();
    let mut value = Datum::Bytes(all);
    for link in &chain {
        value = on_all(g, link, value)?;
    }
    let Datum::Bytes(bytes) = value else {
        return None;
    };
    let result = g.ty(at.root.class);
    let m = g.module_mut();
    let elem = m.type_data(result).elem()?;
    let ty = m.tensor(ALL, elem);
    let table = constant(g, ty, bytes.to_vec())?;
    Some(g.add(nn::LookupTableOp::NAME, &[input, table], &[], result))
}

/// What a link makes of 256 elements.
fn on_all(g: &mut Graph, link: &Link, input: Datum) -> Option<Datum> {
    let node = &link.node;
    let is_binary = is_binary(g.name(node));
    let mut args: SmallVec<[Datum; 2]> = SmallVec::new();
    let mut shapes: SmallVec<[Option<&[i64]>; 2]> = SmallVec::new();
    for &operand in &node.operands {
        if g.egraph.find(operand) == g.egraph.find(link.of) {
            args.push(input.clone());
            shapes.push(Some(ALL));
        } else if is_binary {
            args.push(Datum::Bytes(one_number(g, operand)?.into()));
            shapes.push(Some(&[1]));
        } else {
            args.push(Datum::Bytes(bytes(g, operand)?));
            shapes.push(None);
        }
    }
    g.interpret_as(node, &shapes, ALL, &args)
}
