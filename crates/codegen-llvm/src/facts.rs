//! What is known of the kernels' buffers from all of their calls: LLVM sees only a pointer there.

use codegen_c::{Api, ApiMemory, Place};
use ir::dialects::{arith, func, memref};
use ir::{Module, OpId, TypeData, ValueId, WalkOrder};
use rustc_hash::FxHashMap;

/// What holds of a buffer in every call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Buffer {
    /// Alignment of its first byte.
    pub align: u64,
    /// The least and greatest of its elements, as signed numbers, if it is a constant of integers.
    pub range: Option<(i64, i64)>,
}

impl Buffer {
    /// One of that nothing is known.
    const ANY: Buffer = Buffer {
        align: 1,
        range: None,
    };

    /// What holds of both.
    fn or(self, other: Buffer) -> Buffer {
        let hull = |a: (i64, i64), b: (i64, i64)| (a.0.min(b.0), a.1.max(b.1));
        Buffer {
            align: self.align.min(other.align),
            range: self.range.zip(other.range).map(|(a, b)| hull(a, b)),
        }
    }
}

/// Of the kernels' arguments, by function and position.
#[derive(Default, Debug)]
pub(crate) struct Facts {
    arguments: FxHashMap<(OpId, usize), Buffer>,
}

impl Facts {
    /// Of a placed module with that interface.
    pub(crate) fn of(m: &Module, api: &Api) -> Facts {
        let mut facts = Facts::default();
        for op in m.walk(m.root(), WalkOrder::Pre) {
            let callee = func::CallOp::cast(m, op).and_then(|c| m.lookup_symbol(&c.callee(m)));
            let Some(callee) = callee else { continue };
            for (i, v) in m.operands(op).enumerate() {
                let here = buffer(m, api, v);
                let known = facts.arguments.entry((callee, i)).or_insert(here);
                *known = known.or(here);
            }
        }
        facts
    }

    /// Of an argument; one of a function that nobody calls has nothing to be relied on.
    pub(crate) fn argument(&self, function: OpId, i: usize) -> Buffer {
        let known = self.arguments.get(&(function, i)).copied();
        known.unwrap_or(Buffer::ANY)
    }
}

/// Of a value that is passed.
fn buffer(m: &Module, api: &Api, v: ValueId) -> Buffer {
    let Some(op) = m.defining_op(v) else {
        return Buffer {
            align: tensor_alignment(m, api, v).unwrap_or(1),
            ..Buffer::ANY
        };
    };
    match m.op_name(op) {
        memref::ReinterpretCastOp::NAME => {
            let base = buffer(m, api, m.operand(op, 0));
            let same = element(m, v) == element(m, m.operand(op, 0));
            Buffer {
                range: base.range.filter(|_| same),
                ..base
            }
        }
        memref::ViewOp::NAME => {
            let base = buffer(m, api, m.operand(op, 0)).align;
            let offset = arith::const_int_of(m, m.operand(op, 1)).unwrap_or(1);
            Buffer {
                align: divides(base, offset as u64),
                ..Buffer::ANY
            }
        }
        memref::GetGlobalOp::NAME => global(m, api, &memref::GetGlobalOp(op).name(m)),
        _ => Buffer::ANY,
    }
}

/// Of a constant or an arena.
fn global(m: &Module, api: &Api, symbol: &str) -> Buffer {
    let own = |a: &&ApiMemory| a.symbol.as_deref() == Some(symbol);
    if let Some(memory) = api.arenas.iter().chain(&api.state).find(own) {
        return Buffer {
            align: memory.need.align,
            ..Buffer::ANY
        };
    }
    let Some(g) = m
        .lookup_symbol(symbol)
        .and_then(|op| memref::GlobalOp::cast(m, op))
    else {
        return Buffer::ANY;
    };
    let stated = g.alignment(m).and_then(|a| u64::try_from(a).ok());
    let value = m
        .prop(g.0, "initial_value")
        .and_then(|v| m.attr_elements(v));
    let width = match m.type_data(g.memref_type(m)) {
        TypeData::MemRef { elem, .. } => crate::types::int_width(m, *elem),
        _ => None,
    };
    Buffer {
        align: stated.filter(|a| a.is_power_of_two()).unwrap_or(1),
        range: value.zip(width).and_then(|((_, bytes), w)| hull(bytes, w)),
    }
}

/// The least and greatest number of a buffer's bytes, lowest first in each element.
fn hull(bytes: &[u8], width: u32) -> Option<(i64, i64)> {
    if !matches!(width, 8 | 16 | 32) {
        return None;
    }
    let number = |element: &[u8]| {
        let word = element
            .iter()
            .rev()
            .fold(0u64, |w, &b| w << 8 | u64::from(b));
        ((word << (64 - width)) as i64) >> (64 - width)
    };
    let numbers = || bytes.chunks_exact(width as usize / 8).map(number);
    numbers().min().zip(numbers().max())
}

/// Of an argument of `@main`, by its place; what others are passed on as, is not known.
fn tensor_alignment(m: &Module, api: &Api, v: ValueId) -> Option<u64> {
    let main = m.lookup_symbol("main")?;
    let arguments = m.block_args(m.entry_block(main)?);
    let i = arguments.iter().position(|&a| a == v)?;
    let mut tensors = api.inputs.iter().chain(&api.outputs).chain(&api.states);
    let (base, offset) = match tensors.nth(i)?.place {
        Place::Caller(align) => return Some(align),
        Place::Arena(arena, offset) => (api.arenas.get(arena)?, offset),
        Place::State(offset) => (api.state.as_ref()?, offset),
    };
    Some(divides(base.need.align, offset))
}

/// The greatest power of two that divides both, where the first is one.
fn divides(align: u64, offset: u64) -> u64 {
    match offset {
        0 => align,
        offset => align.min(1 << offset.trailing_zeros()),
    }
}

fn element(m: &Module, v: ValueId) -> Option<ir::Type> {
    match m.type_data(m.value_type(v)) {
        TypeData::MemRef { elem, .. } => Some(*elem),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_of_bytes() {
        assert_eq!(hull(&[5, 0xff, 3], 8), Some((-1, 5)));
        assert_eq!(hull(&[0, 0x80, 2, 0], 16), Some((-32768, 2)));
        assert_eq!(
            hull(&[1, 0, 0, 0, 0xff, 0xff, 0xff, 0x7f], 32),
            Some((1, i64::from(i32::MAX)))
        );
        assert_eq!(hull(&[], 8), None);
        assert_eq!(hull(&[0; 8], 64), None);
    }

    #[test]
    fn alignment_behind_an_offset() {
        assert_eq!(
            [
                divides(16, 0),
                divides(16, 8),
                divides(4, 32),
                divides(16, 7)
            ],
            [16, 8, 4, 1]
        );
    }
}
