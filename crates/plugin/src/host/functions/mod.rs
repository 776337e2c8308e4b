//! What the host's functions do, with arguments that were received already.

mod attributes;
mod changes;
mod module;
mod operations;
mod reports;
mod results;
mod schedules;
mod types;
mod weight;

pub(super) use super::registration::{
    register_accelerator, register_extension, register_interfaces, register_op, register_pass,
    register_pattern, register_rule, register_rules, register_schedule, register_target,
};
pub(super) use attributes::*;
pub(super) use changes::*;
pub(super) use module::*;
pub(super) use operations::*;
pub(super) use reports::*;
pub(super) use results::*;
pub(super) use schedules::*;
pub(super) use types::*;

use super::handles::{Entity, Kind};
use super::refusal::{Outcome, Refusal, bad_argument};
use super::session::Session;
use crate::abi;
use ir::{Attr, BlockId, Loc, Module, OpId, RegionId, Type, ValueId};

/// An op has at most so many regions.
pub(super) const MAX_REGIONS: usize = 16;

/// What each kind of handle names.
macro_rules! lookups {
    ($($name:ident: $Handle:ident is $Kind:ident of $Id:ident;)*) => {
        $(fn $name(s: &mut Session<'_>, handle: abi::$Handle) -> Outcome<$Id> {
            match s.entity(Kind::$Kind, handle.0)? {
                Entity::$Kind(id) => Ok(id),
                _ => Err(Refusal::handle("the handle is of another kind")),
            }
        })*
    };
}

lookups! {
    op: Op is Op of OpId;
    block: Block is Block of BlockId;
    region: Region is Region of RegionId;
    value: Value is Value of ValueId;
    ty: Type is Type of Type;
    attr: Attr is Attr of Attr;
    located: Loc is Loc of Loc;
}

/// A location; 0 is the unknown one.
fn loc(s: &mut Session<'_>, handle: abi::Loc) -> Outcome<Loc> {
    match handle.0 {
        0 => Ok(Loc::UNKNOWN),
        _ => located(s, handle),
    }
}

fn values(s: &mut Session<'_>, handles: &[u64]) -> Outcome<Vec<ValueId>> {
    handles.iter().map(|&h| value(s, abi::Value(h))).collect()
}

fn types(s: &mut Session<'_>, handles: &[u64]) -> Outcome<Vec<Type>> {
    handles.iter().map(|&h| ty(s, abi::Type(h))).collect()
}

fn attrs(s: &mut Session<'_>, handles: &[u64]) -> Outcome<Vec<Attr>> {
    handles.iter().map(|&h| attr(s, abi::Attr(h))).collect()
}

/// Named attributes, the names checked.
fn named(s: &mut Session<'_>, given: &[(&str, abi::Attr)]) -> Outcome<Vec<(String, Attr)>> {
    given
        .iter()
        .map(|&(name, a)| Ok((attr_name(name)?.to_owned(), attr(s, a)?)))
        .collect()
}

/// The name of an attribute, as MLIR's text can say it.
fn attr_name(name: &str) -> Outcome<&str> {
    match identifier(name, "_$.") {
        true => Ok(name),
        false => bad_argument(format!("`{name}` is no name for an attribute")),
    }
}

/// The full name of an op.
fn full_name(name: &str) -> Outcome<&str> {
    match identifier(name, "_$.") && name.contains('.') && !name.ends_with('.') {
        true => Ok(name),
        false => bad_argument(format!("`{name}` is no op's full name, `dialect.op`")),
    }
}

fn identifier(name: &str, more: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || more.contains(c))
}

fn at<T: Copy>(all: &[T], index: u64, what: &str) -> Outcome<T> {
    let found = usize::try_from(index).ok().and_then(|i| all.get(i));
    match found {
        Some(&x) => Ok(x),
        None => bad_argument(format!("no {what} {index}, there are {}", all.len())),
    }
}

fn lend(s: &mut Session<'_>, entities: impl IntoIterator<Item = Entity>) -> abi::Handles {
    let handles: Vec<u64> = entities.into_iter().map(|e| s.handles.of(e)).collect();
    s.lent.handles(handles)
}

/// The handle of an entity, 0 for none.
fn handle(s: &mut Session<'_>, entity: Option<Entity>) -> u64 {
    entity.map_or(0, |e| s.handles.of(e))
}

/// Attributes with their names, as a plug-in gets them.
pub(super) fn named_attrs(s: &mut Session<'_>, attrs: Vec<(String, Attr)>) -> abi::NamedAttrs {
    let handles = attrs
        .into_iter()
        .map(|(name, a)| (name, s.handles.of(Entity::Attr(a))))
        .collect();
    s.lent.named(handles)
}

fn names(m: &Module, attrs: &[(ir::Str, Attr)]) -> Vec<(String, Attr)> {
    attrs
        .iter()
        .map(|&(k, a)| (m.text(k).to_owned(), a))
        .collect()
}
