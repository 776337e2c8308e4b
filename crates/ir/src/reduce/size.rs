//! How large a module is: the order in which reduction makes progress, so that it ends.

use crate::{Attr, AttrData, LocData, Module, OpId, WalkOrder};

/// Compared in the order of the fields.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Size {
    /// Ops that are no constants: an op may become a constant.
    computing: usize,
    ops: usize,
    /// Results and blocks' arguments.
    values: usize,
    operands: usize,
    /// Values that are used.
    used: usize,
    attributes: usize,
    /// How far from nothing the attributes are.
    weight: u64,
    located: usize,
}

impl Size {
    pub fn of(m: &Module) -> Size {
        let mut size = Size {
            computing: 0,
            ops: 0,
            values: 0,
            operands: 0,
            used: 0,
            attributes: 0,
            weight: 0,
            located: 0,
        };
        for op in m.walk(m.root(), WalkOrder::Pre) {
            size.ops += 1;
            size.computing += usize::from(!is_constant(m, op));
            let blocks = m.regions(op).iter().flat_map(|&r| m.blocks(r));
            let args = blocks.flat_map(|&b| m.block_args(b));
            for &v in m.results(op).iter().chain(args) {
                size.values += 1;
                size.used += usize::from(!m.uses(v).is_empty());
            }
            size.operands += m.operands(op).len();
            size.attributes += m.props(op).len() + m.discardables(op).len();
            let attrs = m.props(op).iter().chain(m.discardables(op));
            size.weight += attrs.map(|&(_, a)| weight(m, a)).sum::<u64>();
            size.located += usize::from(*m.loc_data(m.op_loc(op)) != LocData::Unknown);
        }
        size
    }
}

/// Whether an op is a constant.
pub fn is_constant(m: &Module, op: OpId) -> bool {
    m.op_info(op).is_some_and(|i| i.traits.constant)
}

/// How far an attribute is from the simplest of its kind.
fn weight(m: &Module, a: Attr) -> u64 {
    match m.attr_data(a) {
        AttrData::Integer { value, .. } => u64::from(64 - value.unsigned_abs().leading_zeros()),
        AttrData::Float { bits, .. } => u64::from(*bits != 0),
        AttrData::Array(list) => list.iter().map(|&a| 1 + weight(m, a)).sum(),
        AttrData::Dict(entries) => entries.iter().map(|&(_, a)| 1 + weight(m, a)).sum(),
        AttrData::Dense(e) if e.bytes.iter().all(|&b| b == 0) => 0,
        AttrData::Dense(e) => 1 + e.bytes.len() as u64,
        AttrData::Resource { .. } => {
            2 + m
                .attr_elements(a)
                .map_or(0, |(_, bytes)| bytes.len() as u64)
        }
        _ => 0,
    }
}
