//! Handles of a session, and what it lends.
//!
//! A handle is a number: kind, the session's tag, and an index into the session's table. A number that is not in the table is refused,
//! so a handle of another session, of another kind, or made up, reaches nothing.

use super::refusal::{Outcome, Refusal};
use crate::abi;
use ir::{Attr, BlockId, Loc, OpId, RegionId, Type, ValueId};
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// Ops nest at most so deep: whoever walks them does so by recursion.
pub(super) const MAX_DEPTH: usize = 100;

pub(super) const TAG_MASK: u32 = (1 << 28) - 1;

/// What a handle names.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Entity {
    Op(OpId),
    Block(BlockId),
    Region(RegionId),
    Value(ValueId),
    Type(Type),
    Attr(Attr),
    Loc(Loc),
}

/// The kind of a handle.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Op = 1,
    Block,
    Region,
    Value,
    Type,
    Attr,
    Loc,
}

impl Kind {
    /// The kind of a context, in place.
    pub const CONTEXT: u64 = 8 << 60;

    const ALL: [Kind; 7] = [
        Kind::Op,
        Kind::Block,
        Kind::Region,
        Kind::Value,
        Kind::Type,
        Kind::Attr,
        Kind::Loc,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Kind::Op => "op",
            Kind::Block => "block",
            Kind::Region => "region",
            Kind::Value => "value",
            Kind::Type => "type",
            Kind::Attr => "attribute",
            Kind::Loc => "location",
        }
    }

    fn with_article(self) -> &'static str {
        match self {
            Kind::Op => "an op",
            Kind::Block => "a block",
            Kind::Region => "a region",
            Kind::Value => "a value",
            Kind::Type => "a type",
            Kind::Attr => "an attribute",
            Kind::Loc => "a location",
        }
    }
}

impl Entity {
    fn kind(self) -> Kind {
        match self {
            Entity::Op(_) => Kind::Op,
            Entity::Block(_) => Kind::Block,
            Entity::Region(_) => Kind::Region,
            Entity::Value(_) => Kind::Value,
            Entity::Type(_) => Kind::Type,
            Entity::Attr(_) => Kind::Attr,
            Entity::Loc(_) => Kind::Loc,
        }
    }
}

/// The handles that a session gave out. Equal entities have equal handles.
pub(super) struct Handles {
    tag: u32,
    entities: Vec<Entity>,
    known: FxHashMap<Entity, u32>,
}

impl Handles {
    pub fn new(tag: u32) -> Handles {
        Handles {
            tag,
            entities: Vec::new(),
            known: FxHashMap::default(),
        }
    }

    /// The handle of an entity.
    pub fn of(&mut self, entity: Entity) -> u64 {
        let next = self.entities.len() as u32;
        let index = *self.known.entry(entity).or_insert(next);
        if index == next {
            self.entities.push(entity);
        }
        (entity.kind() as u64) << 60 | u64::from(self.tag) << 32 | u64::from(index)
    }

    /// What a handle of a kind names; it may be gone.
    pub fn entity(&self, wants: Kind, handle: u64) -> Outcome<Entity> {
        let name = wants.name();
        if handle == 0 {
            return Err(Refusal::handle(format!("0 is no {name}")));
        }
        let kind = Kind::ALL.into_iter().find(|&k| k as u64 == handle >> 60);
        if kind != Some(wants) {
            let is = kind.map_or("something else", Kind::with_article);
            let wants = wants.with_article();
            return Err(Refusal::handle(format!(
                "the handle should be that of {wants}, is that of {is}"
            )));
        }
        if (handle >> 32) as u32 & TAG_MASK != self.tag {
            return Err(Refusal::handle(format!(
                "the {name} is of another callback; handles do not outlive theirs"
            )));
        }
        self.entities
            .get((handle & u64::from(u32::MAX)) as usize)
            .copied()
            .filter(|e| e.kind() == wants)
            .ok_or_else(|| Refusal::handle(format!("nobody gave out this {name}")))
    }
}

/// What a session lent to a plug-in: it stays where it is until the session ends.
#[derive(Default)]
pub(super) struct Lent {
    texts: Vec<Arc<str>>,
    bytes: Vec<Arc<[u8]>>,
    handles: Vec<Arc<[u64]>>,
    integers: Vec<Arc<[i64]>>,
    floats: Vec<Arc<[f64]>>,
    named: Vec<SharedAttrs>,
}

/// Attributes whose names are lent, too.
struct SharedAttrs(#[allow(dead_code, reason = "kept alive")] Arc<[abi::NamedAttr]>);

impl Lent {
    pub fn text(&mut self, text: &str) -> abi::Str {
        let text: Arc<str> = text.into();
        let lent = abi::Str {
            data: text.as_ptr().cast(),
            len: text.len(),
        };
        self.texts.push(text);
        lent
    }

    pub fn bytes(&mut self, bytes: Arc<[u8]>) -> abi::Bytes {
        let lent = abi::Bytes {
            data: bytes.as_ptr(),
            len: bytes.len(),
        };
        self.bytes.push(bytes);
        lent
    }

    pub fn handles(&mut self, handles: Vec<u64>) -> abi::Handles {
        let handles: Arc<[u64]> = handles.into();
        let lent = abi::Handles {
            data: handles.as_ptr(),
            len: handles.len(),
        };
        self.handles.push(handles);
        lent
    }

    pub fn integers(&mut self, integers: &[i64]) -> abi::I64s {
        let integers: Arc<[i64]> = integers.into();
        let lent = abi::I64s {
            data: integers.as_ptr(),
            len: integers.len(),
        };
        self.integers.push(integers);
        lent
    }

    pub fn floats(&mut self, floats: Vec<f64>) -> abi::F64s {
        let floats: Arc<[f64]> = floats.into();
        let lent = abi::F64s {
            data: floats.as_ptr(),
            len: floats.len(),
        };
        self.floats.push(floats);
        lent
    }

    pub fn named(&mut self, attrs: Vec<(String, u64)>) -> abi::NamedAttrs {
        let attrs: Vec<abi::NamedAttr> = attrs
            .into_iter()
            .map(|(name, attr)| abi::NamedAttr {
                name: self.text(&name),
                value: abi::Attr(attr),
            })
            .collect();
        let attrs: Arc<[abi::NamedAttr]> = attrs.into();
        let lent = abi::NamedAttrs {
            data: attrs.as_ptr(),
            len: attrs.len(),
        };
        self.named.push(SharedAttrs(attrs));
        lent
    }
}
