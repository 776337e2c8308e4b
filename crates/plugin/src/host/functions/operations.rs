//! Looking at ops, regions, blocks and values.

use super::{Entity, block, handle, lend, named_attrs, names, op, region, value};
use crate::abi;
use crate::host::handles::Kind;
use crate::host::incoming::Out;
use crate::host::refusal::{Outcome, bad_argument};
use crate::host::session::Session;
use ir::interfaces::Effects;
use ir::{ValueDef, WalkOrder};

pub fn op_exists(s: &mut Session<'_>, of: abi::Op, exists: Out<'_, u32>) -> Outcome {
    let found = match s.handles.entity(Kind::Op, of.0)? {
        Entity::Op(op) => s.access.read()?.contains(op),
        _ => false,
    };
    exists.set(found.into())
}

pub fn op_name(s: &mut Session<'_>, of: abi::Op, name: Out<'_, abi::Str>) -> Outcome {
    let op = op(s, of)?;
    let text = s.access.read()?.op_name(op).to_owned();
    name.set(s.lent.text(&text))
}

pub fn op_parent(s: &mut Session<'_>, of: abi::Op, parent: Out<'_, abi::Op>) -> Outcome {
    let op = op(s, of)?;
    let found = s.access.read()?.parent_op(op);
    parent.set(abi::Op(handle(s, found.map(Entity::Op))))
}

pub fn op_block(s: &mut Session<'_>, of: abi::Op, block: Out<'_, abi::Block>) -> Outcome {
    let op = op(s, of)?;
    let found = s.access.read()?.op_block(op);
    block.set(abi::Block(handle(s, found.map(Entity::Block))))
}

pub fn op_next(s: &mut Session<'_>, of: abi::Op, next: Out<'_, abi::Op>) -> Outcome {
    let op = op(s, of)?;
    let found = s.access.read()?.next_op(op);
    next.set(abi::Op(handle(s, found.map(Entity::Op))))
}

pub fn op_prev(s: &mut Session<'_>, of: abi::Op, prev: Out<'_, abi::Op>) -> Outcome {
    let op = op(s, of)?;
    let found = s.access.read()?.prev_op(op);
    prev.set(abi::Op(handle(s, found.map(Entity::Op))))
}

pub fn op_walk(
    s: &mut Session<'_>,
    of: abi::Op,
    order: u32,
    ops: Out<'_, abi::Handles>,
) -> Outcome {
    let op = op(s, of)?;
    let order = match order {
        abi::walk::PRE => WalkOrder::Pre,
        abi::walk::POST => WalkOrder::Post,
        n => return bad_argument(format!("{n} is no order")),
    };
    let found = s.access.read()?.walk(op, order);
    ops.set(lend(s, found.into_iter().map(Entity::Op)))
}

pub fn op_operands(s: &mut Session<'_>, of: abi::Op, values: Out<'_, abi::Handles>) -> Outcome {
    let op = op(s, of)?;
    let found: Vec<_> = s.access.read()?.operands(op).map(Entity::Value).collect();
    values.set(lend(s, found))
}

pub fn op_results(s: &mut Session<'_>, of: abi::Op, values: Out<'_, abi::Handles>) -> Outcome {
    let op = op(s, of)?;
    let found = s.access.read()?.results(op).to_vec();
    values.set(lend(s, found.into_iter().map(Entity::Value)))
}

pub fn op_regions(s: &mut Session<'_>, of: abi::Op, regions: Out<'_, abi::Handles>) -> Outcome {
    let op = op(s, of)?;
    let found = s.access.read()?.regions(op).to_vec();
    regions.set(lend(s, found.into_iter().map(Entity::Region)))
}

pub fn op_successors(s: &mut Session<'_>, of: abi::Op, blocks: Out<'_, abi::Handles>) -> Outcome {
    let op = op(s, of)?;
    let found: Vec<_> = s.access.read()?.successors(op).map(Entity::Block).collect();
    blocks.set(lend(s, found))
}

pub fn op_prop(s: &mut Session<'_>, of: abi::Op, name: &str, attr: Out<'_, abi::Attr>) -> Outcome {
    let op = op(s, of)?;
    let found = s.access.read()?.prop(op, name);
    attr.set(abi::Attr(handle(s, found.map(Entity::Attr))))
}

pub fn op_attr(s: &mut Session<'_>, of: abi::Op, name: &str, attr: Out<'_, abi::Attr>) -> Outcome {
    let op = op(s, of)?;
    let found = s.access.read()?.discardable(op, name);
    attr.set(abi::Attr(handle(s, found.map(Entity::Attr))))
}

pub fn op_props(s: &mut Session<'_>, of: abi::Op, attrs: Out<'_, abi::NamedAttrs>) -> Outcome {
    let op = op(s, of)?;
    let m = s.access.read()?;
    let found = names(m, m.props(op));
    attrs.set(named_attrs(s, found))
}

pub fn op_attrs(s: &mut Session<'_>, of: abi::Op, attrs: Out<'_, abi::NamedAttrs>) -> Outcome {
    let op = op(s, of)?;
    let m = s.access.read()?;
    let found = names(m, m.discardables(op));
    attrs.set(named_attrs(s, found))
}

pub fn op_loc(s: &mut Session<'_>, of: abi::Op, loc: Out<'_, abi::Loc>) -> Outcome {
    let op = op(s, of)?;
    let found = s.access.read()?.op_loc(op);
    loc.set(abi::Loc(s.handles.of(Entity::Loc(found))))
}

pub fn op_effects(s: &mut Session<'_>, of: abi::Op, effects: Out<'_, u32>) -> Outcome {
    let op = op(s, of)?;
    effects.set(match s.access.read()?.effects(op) {
        Effects::None => abi::effects::NONE,
        Effects::Read => abi::effects::READ,
        Effects::Write => abi::effects::WRITE,
        Effects::Unknown => abi::effects::UNKNOWN,
    })
}

pub fn region_blocks(
    s: &mut Session<'_>,
    of: abi::Region,
    blocks: Out<'_, abi::Handles>,
) -> Outcome {
    let region = region(s, of)?;
    let found = s.access.read()?.blocks(region).to_vec();
    blocks.set(lend(s, found.into_iter().map(Entity::Block)))
}

pub fn region_op(s: &mut Session<'_>, of: abi::Region, op: Out<'_, abi::Op>) -> Outcome {
    let region = region(s, of)?;
    let found = s.access.read()?.region_op(region);
    op.set(abi::Op(s.handles.of(Entity::Op(found))))
}

pub fn block_ops(s: &mut Session<'_>, of: abi::Block, ops: Out<'_, abi::Handles>) -> Outcome {
    let block = block(s, of)?;
    let found: Vec<_> = s.access.read()?.ops(block).map(Entity::Op).collect();
    ops.set(lend(s, found))
}

pub fn block_args(s: &mut Session<'_>, of: abi::Block, values: Out<'_, abi::Handles>) -> Outcome {
    let block = block(s, of)?;
    let found = s.access.read()?.block_args(block).to_vec();
    values.set(lend(s, found.into_iter().map(Entity::Value)))
}

pub fn block_region(s: &mut Session<'_>, of: abi::Block, region: Out<'_, abi::Region>) -> Outcome {
    let block = block(s, of)?;
    let found = s.access.read()?.block_region(block);
    region.set(abi::Region(s.handles.of(Entity::Region(found))))
}

pub fn value_type(s: &mut Session<'_>, of: abi::Value, ty: Out<'_, abi::Type>) -> Outcome {
    let value = value(s, of)?;
    let found = s.access.read()?.value_type(value);
    ty.set(abi::Type(s.handles.of(Entity::Type(found))))
}

pub fn value_def(
    s: &mut Session<'_>,
    of: abi::Value,
    op: Out<'_, abi::Op>,
    block: Out<'_, abi::Block>,
    index: Out<'_, u64>,
) -> Outcome {
    let value = value(s, of)?;
    let (by, argument_of, at) = match s.access.read()?.value_def(value) {
        ValueDef::Result(o, i) => (Some(Entity::Op(o)), None, i),
        ValueDef::Argument(b, i) => (None, Some(Entity::Block(b)), i),
    };
    op.set(abi::Op(handle(s, by)))?;
    block.set(abi::Block(handle(s, argument_of)))?;
    index.set(at as u64)
}

pub fn value_users(s: &mut Session<'_>, of: abi::Value, ops: Out<'_, abi::Handles>) -> Outcome {
    let value = value(s, of)?;
    let found = s.access.read()?.uses(value).to_vec();
    ops.set(lend(s, found.into_iter().map(|(o, _)| Entity::Op(o))))
}

pub fn value_constant(s: &mut Session<'_>, of: abi::Value, attr: Out<'_, abi::Attr>) -> Outcome {
    let value = value(s, of)?;
    let found = s.access.read()?.constant_value(value);
    attr.set(abi::Attr(handle(s, found.map(Entity::Attr))))
}
