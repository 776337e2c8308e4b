//! Changes of the module, each checked so that no invariant of it can break: what the verifier finds later is at worst a wrong module.

use super::{
    Entity, MAX_REGIONS, at, attr, attr_name, block, full_name, loc, named, op, region, ty, types,
    value, values,
};
use crate::abi;
use crate::host::incoming::{Out, part};
use crate::host::refusal::{Outcome, Refusal, bad_argument, not_allowed};
use crate::host::session::{Access, Session, around, enclosing};
use ir::rewrite::fold;
use ir::{
    Attr, AttrData, BlockId, Loc, Module, OpId, OpState, RegionId, Type, TypeData, ValueDef,
    ValueId, WalkOrder,
};
use rustc_hash::FxHashSet;

/// A place: before an op, or at the end of a block.
struct Place {
    block: BlockId,
    before: Option<OpId>,
}

fn place(s: &mut Session<'_>, end_of: abi::Block, before: abi::Op) -> Outcome<Place> {
    if before.0 == 0 {
        let block = block(s, end_of)?;
        return Ok(Place {
            block,
            before: None,
        });
    }
    let anchor = op(s, before)?;
    match s.access.read()?.op_block(anchor) {
        Some(block) => Ok(Place {
            block,
            before: Some(anchor),
        }),
        None => bad_argument("the op to go before is in no block"),
    }
}

fn put(m: &mut Module, op: OpId, place: &Place) {
    match place.before {
        Some(anchor) => m.insert_before(anchor, op),
        None => m.append(place.block, op),
    }
}

pub fn op_create(s: &mut Session<'_>, state: abi::OpState, out: Out<'_, abi::Op>) -> Outcome {
    let name = full_name(part(state.name)?)?;
    let operands = values(s, part(state.operands)?)?;
    let results = types(s, part(state.result_types)?)?;
    let props = named(s, &part(state.props)?)?;
    let attrs = named(s, &part(state.attrs)?)?;
    if let Some((name, _)) = attrs.iter().find(|(k, _)| props.iter().any(|p| p.0 == *k)) {
        return twice(name);
    }
    let regions = match usize::try_from(state.regions) {
        Ok(n) if n <= MAX_REGIONS => n,
        _ => return bad_argument(format!("{} regions; at most {MAX_REGIONS}", state.regions)),
    };
    let place = place(s, state.block, state.before)?;
    let given = loc(s, state.loc)?;
    let m = s.fill(place.block, 1)?;
    let loc = match (given, place.before) {
        (Loc::UNKNOWN, Some(anchor)) => m.op_loc(anchor),
        (given, _) => given,
    };
    let mut new = OpState::new(name)
        .loc(loc)
        .operands(&operands)
        .results(&results)
        .regions(regions);
    for (k, v) in props {
        new = new.prop(k, v);
    }
    for (k, v) in attrs {
        new = new.attr(k, v);
    }
    let created = m.create(new);
    put(m, created, &place);
    out.set(abi::Op(s.handles.of(Entity::Op(created))))
}

/// What is inside of an op, itself first; an error if an op outside uses a value of it. The op's own results do not count if they are
/// going to be replaced.
fn unused_outside(m: &Module, op: OpId, own_results: bool) -> Outcome<FxHashSet<OpId>> {
    let order = m.walk(op, WalkOrder::Pre);
    let inside: FxHashSet<OpId> = order.iter().copied().collect();
    for &o in &order {
        let results = match o == op && !own_results {
            true => &[],
            false => m.results(o),
        };
        let blocks: Vec<BlockId> = m
            .regions(o)
            .iter()
            .flat_map(|&r| m.blocks(r))
            .copied()
            .collect();
        let from = blocks.iter().flat_map(|&b| m.block_uses(b));
        if let Some((user, _)) = from.into_iter().find(|(user, _)| !inside.contains(user)) {
            let (name, user) = (m.op_name(o), m.op_name(*user));
            return not_allowed(format!("a block of `{name}` is a successor of `{user}`"));
        }
        let arguments = blocks.iter().flat_map(|&b| m.block_args(b));
        for &v in results.iter().chain(arguments) {
            if let Some((user, _)) = m.uses(v).iter().find(|(user, _)| !inside.contains(user)) {
                let (name, user) = (m.op_name(o), m.op_name(*user));
                return not_allowed(format!("a value of `{name}` is still used by `{user}`"));
            }
        }
    }
    Ok(inside)
}

pub fn op_erase(s: &mut Session<'_>, of: abi::Op) -> Outcome {
    let op = op(s, of)?;
    let m = s.take(op)?;
    unused_outside(m, op, true)?;
    m.erase(op);
    Ok(())
}

pub fn op_replace(s: &mut Session<'_>, of: abi::Op, by: &[u64]) -> Outcome {
    let (op, by) = (op(s, of)?, values(s, by)?);
    let m = s.take(op)?;
    let results = m.results(op).len();
    if by.len() != results {
        return bad_argument(format!("{} values for {results} results", by.len()));
    }
    let inside = unused_outside(m, op, false)?;
    for &v in &by {
        if inside.contains(&owner(m, v)) {
            return bad_argument("a value of the op itself, which would be gone");
        }
    }
    m.replace_op(op, &by);
    Ok(())
}

/// The op that defines a value, or whose region's argument it is.
fn owner(m: &Module, v: ValueId) -> OpId {
    match m.value_def(v) {
        ValueDef::Result(op, _) => op,
        ValueDef::Argument(block, _) => m.region_op(m.block_region(block)),
    }
}

pub fn op_move(s: &mut Session<'_>, of: abi::Op, end_of: abi::Block, before: abi::Op) -> Outcome {
    let op = op(s, of)?;
    let place = place(s, end_of, before)?;
    let m = s.take(op)?;
    if place.before == Some(op) {
        return bad_argument("an op cannot go before itself");
    }
    if enclosing(m, place.block).any(|o| o == op) {
        return bad_argument("an op cannot go into itself");
    }
    let region = m.op_block(op).map(|b| m.block_region(b));
    if m.successors(op).len() > 0 && region != Some(m.block_region(place.block)) {
        return bad_argument("an op with successors cannot leave their region");
    }
    let depth = |o: OpId| around(m, o).take_while(|&a| a != op).count() + 1;
    let height = m.walk(op, WalkOrder::Pre).into_iter().map(depth).max();
    let m = s.fill(place.block, height.unwrap_or(1))?;
    m.detach(op);
    put(m, op, &place);
    Ok(())
}

pub fn op_set_operand(s: &mut Session<'_>, of: abi::Op, index: u64, by: abi::Value) -> Outcome {
    let (op, by) = (op(s, of)?, value(s, by)?);
    let m = s.change(op)?;
    let positions: Vec<usize> = (0..m.operands(op).len()).collect();
    let i = at(&positions, index, "operand")?;
    m.set_operand(op, i, by);
    Ok(())
}

pub fn op_set_operands(s: &mut Session<'_>, of: abi::Op, by: &[u64]) -> Outcome {
    let (op, by) = (op(s, of)?, values(s, by)?);
    s.change(op)?.set_operands(op, &by);
    Ok(())
}

pub fn op_set_successors(s: &mut Session<'_>, of: abi::Op, to: &[u64]) -> Outcome {
    let op = op(s, of)?;
    let to: Vec<BlockId> = to
        .iter()
        .map(|&h| block(s, abi::Block(h)))
        .collect::<Outcome<_>>()?;
    let m = s.take(op)?;
    let region = m.op_block(op).map(|b| m.block_region(b));
    if to.iter().any(|&b| Some(m.block_region(b)) != region) {
        return bad_argument("a successor in another region");
    }
    m.set_successors(op, &to);
    Ok(())
}

fn twice(name: &str) -> Outcome {
    bad_argument(format!("`{name}` would be both inherent and discardable"))
}

pub fn op_set_prop(s: &mut Session<'_>, of: abi::Op, name: &str, to: abi::Attr) -> Outcome {
    let (op, to, name) = (op(s, of)?, attr(s, to)?, attr_name(name)?);
    let m = s.change(op)?;
    if m.discardable(op, name).is_some() {
        return twice(name);
    }
    m.set_prop(op, name, to);
    Ok(())
}

pub fn op_set_attr(s: &mut Session<'_>, of: abi::Op, name: &str, to: abi::Attr) -> Outcome {
    let (op, to, name) = (op(s, of)?, attr(s, to)?, attr_name(name)?);
    let m = s.change(op)?;
    if m.prop(op, name).is_some() {
        return twice(name);
    }
    m.set_discardable(op, name, to);
    Ok(())
}

pub fn op_remove_prop(s: &mut Session<'_>, of: abi::Op, name: &str) -> Outcome {
    let (op, name) = (op(s, of)?, attr_name(name)?);
    s.change(op)?.remove_prop(op, name);
    Ok(())
}

pub fn op_set_loc(s: &mut Session<'_>, of: abi::Op, to: abi::Loc) -> Outcome {
    let (op, to) = (op(s, of)?, loc(s, to)?);
    s.change(op)?.set_loc(op, to);
    Ok(())
}

/// Refuses changes of blocks and arguments that the op around them has no use for.
fn may_have_blocks(s: &mut Session<'_>, owner: OpId) -> Outcome {
    if matches!(s.access, Access::Kernel(_)) && [s.scope, s.second].contains(&Some(owner)) {
        return not_allowed("a kernel's arguments are made by the `kernel_` functions");
    }
    match s.access.read()?.op_name(owner) {
        "builtin.module" => not_allowed("a module has one block, without arguments"),
        _ => Ok(()),
    }
}

pub fn value_set_type(s: &mut Session<'_>, of: abi::Value, to: abi::Type) -> Outcome {
    let (v, to) = (value(s, of)?, ty(s, to)?);
    let owner = owner(s.access.read()?, v);
    may_have_blocks(s, owner)?;
    s.change(owner)?.set_value_type(v, to);
    Ok(())
}

pub fn value_replace_uses(s: &mut Session<'_>, of: abi::Value, by: abi::Value) -> Outcome {
    let (v, by) = (value(s, of)?, value(s, by)?);
    let owner = owner(s.access.read()?, v);
    s.change(owner)?.replace_all_uses(v, by);
    Ok(())
}

pub fn region_add_block(
    s: &mut Session<'_>,
    of: abi::Region,
    arg_types: &[u64],
    out: Out<'_, abi::Block>,
) -> Outcome {
    let (r, args): (RegionId, Vec<Type>) = (region(s, of)?, types(s, arg_types)?);
    let owner = s.access.read()?.region_op(r);
    may_have_blocks(s, owner)?;
    let new = s.change(owner)?.add_block(r, &args);
    out.set(abi::Block(s.handles.of(Entity::Block(new))))
}

pub fn block_add_arg(
    s: &mut Session<'_>,
    of: abi::Block,
    of_type: abi::Type,
    out: Out<'_, abi::Value>,
) -> Outcome {
    let (b, ty) = (block(s, of)?, ty(s, of_type)?);
    let m = s.access.read()?;
    let owner = m.region_op(m.block_region(b));
    may_have_blocks(s, owner)?;
    let new = s.change(owner)?.add_block_arg(b, ty);
    out.set(abi::Value(s.handles.of(Entity::Value(new))))
}

/// Whether a constant of a type can have this value.
pub fn is_constant_of(m: &mut Module, a: Attr, ty: Type) -> bool {
    let wants = match m.type_data(ty).clone() {
        TypeData::Tensor { shape, elem } => {
            let elem = m.storage_type(elem);
            m.tensor(&shape, elem)
        }
        _ => ty,
    };
    match (m.attr_data(a), m.type_data(ty)) {
        (AttrData::Integer { ty: is, .. }, _) => *is == ty,
        (AttrData::Float { kind, .. }, TypeData::Float(k)) => kind == k,
        (AttrData::Dense(e), _) => e.ty == wants,
        (AttrData::Resource { ty: is, .. }, _) => *is == wants,
        _ => false,
    }
}

pub fn constant_before(
    s: &mut Session<'_>,
    before: abi::Op,
    of: abi::Attr,
    of_type: abi::Type,
    out: Out<'_, abi::Value>,
) -> Outcome {
    let (anchor, a, ty) = (op(s, before)?, attr(s, of)?, ty(s, of_type)?);
    let Some(block) = s.access.read()?.op_block(anchor) else {
        return bad_argument("the op to go before is in no block");
    };
    let m = s.fill(block, 1)?;
    if !is_constant_of(m, a, ty) {
        return bad_argument("the attribute is no value of the type");
    }
    match fold::constant_before(m, anchor, a, ty) {
        Some(v) => out.set(abi::Value(s.handles.of(Entity::Value(v)))),
        None => Err(Refusal::failed("no constant op is registered")),
    }
}
