//! Whether two modules are the same but for the handles: ops, operands, blocks, types, attributes, locations and blobs.
//!
//! It looks at the modules only, not at their texts, so that it can judge the parser and the printer.

use ir::{Attr, AttrData, BlockId, Loc, LocData, Module, OpId, Str, Type, TypeData, ValueId};
use std::collections::HashMap;

/// Where two modules differ first, or nothing.
pub fn difference(a: &Module, b: &Module) -> Option<String> {
    let mut pair = Pair {
        a,
        b,
        values: HashMap::new(),
        blocks: HashMap::new(),
        operands: Vec::new(),
        successors: Vec::new(),
    };
    pair.op(a.root(), b.root())
        .and_then(|()| pair.names())
        .err()
}

struct Pair<'m> {
    a: &'m Module,
    b: &'m Module,
    values: HashMap<ValueId, ValueId>,
    blocks: HashMap<BlockId, BlockId>,
    /// What must correspond when everything has been seen.
    operands: Vec<(ValueId, ValueId)>,
    successors: Vec<(BlockId, BlockId)>,
}

type Same = Result<(), String>;

fn check(same: bool, what: impl Fn() -> String) -> Same {
    if same { Ok(()) } else { Err(what()) }
}

impl Pair<'_> {
    fn op(&mut self, x: OpId, y: OpId) -> Same {
        let (a, b) = (self.a, self.b);
        let name = a.op_name(x);
        check(name == b.op_name(y), || {
            format!("`{name}` and `{}`", b.op_name(y))
        })?;
        check(self.locs(a.op_loc(x), b.op_loc(y)), || {
            format!("location of `{name}`")
        })?;
        check(self.maps(a.props(x), b.props(y)), || {
            format!("properties of `{name}`")
        })?;
        check(self.maps(a.discardables(x), b.discardables(y)), || {
            format!("attributes of `{name}`")
        })?;
        check(a.operands(x).len() == b.operands(y).len(), || {
            format!("number of operands of `{name}`")
        })?;
        self.operands.extend(a.operands(x).zip(b.operands(y)));
        check(a.successors(x).len() == b.successors(y).len(), || {
            format!("number of successors of `{name}`")
        })?;
        self.successors.extend(a.successors(x).zip(b.successors(y)));
        self.defined(a.results(x), b.results(y))?;
        check(a.regions(x).len() == b.regions(y).len(), || {
            format!("number of regions of `{name}`")
        })?;
        for (&r, &s) in a.regions(x).iter().zip(b.regions(y)) {
            check(a.blocks(r).len() == b.blocks(s).len(), || {
                format!("number of blocks of `{name}`")
            })?;
            for (&k, &l) in a.blocks(r).iter().zip(b.blocks(s)) {
                self.block(k, l)?;
            }
        }
        Ok(())
    }

    fn block(&mut self, k: BlockId, l: BlockId) -> Same {
        let (a, b) = (self.a, self.b);
        self.blocks.insert(k, l);
        self.defined(a.block_args(k), b.block_args(l))?;
        check(a.block_uses(k).len() == b.block_uses(l).len(), || {
            "uses of a block".to_owned()
        })?;
        let (xs, ys): (Vec<OpId>, Vec<OpId>) = (a.ops(k).collect(), b.ops(l).collect());
        check(xs.len() == ys.len(), || {
            "number of ops of a block".to_owned()
        })?;
        xs.into_iter().zip(ys).try_for_each(|(x, y)| self.op(x, y))
    }

    fn defined(&mut self, vs: &[ValueId], ws: &[ValueId]) -> Same {
        check(vs.len() == ws.len(), || "number of values".to_owned())?;
        for (&v, &w) in vs.iter().zip(ws) {
            let (a, b) = (self.a, self.b);
            check(self.types(a.value_type(v), b.value_type(w)), || {
                "type of a value".to_owned()
            })?;
            check(self.locs(a.value_loc(v), b.value_loc(w)), || {
                "location of a value".to_owned()
            })?;
            check(a.uses(v).len() == b.uses(w).len(), || {
                "number of uses of a value".to_owned()
            })?;
            self.values.insert(v, w);
        }
        Ok(())
    }

    fn names(&self) -> Same {
        let values = self
            .operands
            .iter()
            .all(|(v, w)| self.values.get(v) == Some(w));
        check(values, || "an operand is another value".to_owned())?;
        let blocks = self
            .successors
            .iter()
            .all(|(k, l)| self.blocks.get(k) == Some(l));
        check(blocks, || "a successor is another block".to_owned())
    }

    fn texts(&self, s: Str, t: Str) -> bool {
        self.a.text(s) == self.b.text(t)
    }

    fn locs(&self, x: Loc, y: Loc) -> bool {
        match (self.a.loc_data(x), self.b.loc_data(y)) {
            (LocData::Unknown, LocData::Unknown) => true,
            (
                LocData::File { file, line, column },
                LocData::File {
                    file: f,
                    line: l,
                    column: c,
                },
            ) => self.texts(*file, *f) && line == l && column == c,
            (LocData::Name { name, child }, LocData::Name { name: n, child: c }) => {
                self.texts(*name, *n) && self.locs(*child, *c)
            }
            (LocData::Fused { tag, parts }, LocData::Fused { tag: t, parts: p }) => {
                let tags = match (tag, t) {
                    (Some(x), Some(y)) => self.attrs(*x, *y),
                    (x, y) => x.is_none() && y.is_none(),
                };
                tags && parts.len() == p.len()
                    && parts.iter().zip(p).all(|(x, y)| self.locs(*x, *y))
            }
            (
                LocData::CallSite { callee, caller },
                LocData::CallSite {
                    callee: c,
                    caller: d,
                },
            ) => self.locs(*callee, *c) && self.locs(*caller, *d),
            _ => false,
        }
    }

    fn maps(&self, x: &[(Str, Attr)], y: &[(Str, Attr)]) -> bool {
        x.len() == y.len()
            && x.iter()
                .zip(y)
                .all(|(x, y)| self.texts(x.0, y.0) && self.attrs(x.1, y.1))
    }

    fn attrs(&self, x: Attr, y: Attr) -> bool {
        match (self.a.attr_data(x), self.b.attr_data(y)) {
            (AttrData::Integer { value, ty }, AttrData::Integer { value: v, ty: t }) => {
                value == v && self.types(*ty, *t)
            }
            (AttrData::Array(x), AttrData::Array(y)) => {
                x.len() == y.len() && x.iter().zip(y).all(|(x, y)| self.attrs(*x, *y))
            }
            (AttrData::Dict(x), AttrData::Dict(y)) => self.maps(x, y),
            (AttrData::Type(x), AttrData::Type(y)) => self.types(*x, *y),
            (AttrData::Dense(x), AttrData::Dense(y)) => {
                self.types(x.ty, y.ty) && x.bytes == y.bytes
            }
            (AttrData::Resource { key, ty }, AttrData::Resource { key: k, ty: t }) => {
                let (x, y) = (self.a.resource(*key), self.b.resource(*k));
                self.texts(*key, *k)
                    && self.types(*ty, *t)
                    && x.map(|r| &r.bytes) == y.map(|r| &r.bytes)
            }
            (
                AttrData::Integer { .. }
                | AttrData::Array(_)
                | AttrData::Dict(_)
                | AttrData::Type(_)
                | AttrData::Dense(_)
                | AttrData::Resource { .. },
                _,
            ) => false,
            // The others hold no handles.
            (x, y) => x == y,
        }
    }

    fn types(&self, x: Type, y: Type) -> bool {
        let lists = |x: &[Type], y: &[Type]| {
            x.len() == y.len() && x.iter().zip(y).all(|(x, y)| self.types(*x, *y))
        };
        let (x, y) = (self.a.type_data(x), self.b.type_data(y));
        match (x, y) {
            (TypeData::Tensor { .. }, TypeData::Tensor { .. })
            | (TypeData::MemRef { .. }, TypeData::MemRef { .. })
            | (TypeData::Vector { .. }, TypeData::Vector { .. }) => {
                let elems = x.elem().zip(y.elem());
                x.shape() == y.shape() && elems.is_some_and(|(x, y)| self.types(x, y))
            }
            (
                TypeData::Function { inputs, results },
                TypeData::Function {
                    inputs: i,
                    results: r,
                },
            ) => lists(inputs, i) && lists(results, r),
            (
                TypeData::Tensor { .. }
                | TypeData::MemRef { .. }
                | TypeData::Vector { .. }
                | TypeData::Function { .. },
                _,
            ) => false,
            // The others hold no handles.
            (x, y) => x == y,
        }
    }
}
