//! Fewer and simpler attributes, and no locations.

use crate::{Attr, AttrData, Elements, Loc, Module, OpId, Str, WalkOrder};

/// Puts ops at an unknown location.
pub fn forget_locations(m: &mut Module, chunk: &[OpId]) {
    for &op in chunk {
        if m.contains(op) {
            m.set_loc(op, Loc::UNKNOWN);
        }
    }
}

/// An edit of one attribute of an op.
pub enum Edit {
    /// Without a discardable attribute.
    DropDiscardable(OpId, Str),
    /// Without an inherent attribute.
    DropInherent(OpId, Str),
    /// A simpler value for an inherent attribute.
    Set(OpId, Str, Simpler),
}

/// A simpler value.
pub enum Simpler {
    /// The integer.
    Int(i64),
    /// The float 0.
    Zero,
    /// Elements that are all 0.
    Zeros,
}

/// Every such edit.
pub fn candidates(m: &Module) -> Vec<Edit> {
    let mut edits = Vec::new();
    for op in m.walk(m.root(), WalkOrder::Pre) {
        let discardable = m.discardables(op).iter();
        edits.extend(discardable.map(|&(k, _)| Edit::DropDiscardable(op, k)));
        for &(k, a) in m.props(op) {
            let required =
                |i: &crate::OpInfo| i.attrs.iter().any(|s| s.required && s.name == m.text(k));
            if !m.op_info(op).is_some_and(required) {
                edits.push(Edit::DropInherent(op, k));
            }
            edits.extend(simpler(m, a).into_iter().map(|s| Edit::Set(op, k, s)));
        }
    }
    edits
}

fn simpler(m: &Module, a: Attr) -> Vec<Simpler> {
    match m.attr_data(a) {
        AttrData::Integer { value, .. } if *value != 0 => {
            [0, 1, value / 2].into_iter().map(Simpler::Int).collect()
        }
        AttrData::Float { bits, .. } if *bits != 0 => vec![Simpler::Zero],
        AttrData::Dense(_) | AttrData::Resource { .. } => vec![Simpler::Zeros],
        _ => Vec::new(),
    }
}

/// Makes an edit, if it still fits.
pub fn apply(m: &mut Module, edit: &Edit) {
    match edit {
        Edit::DropDiscardable(op, k) if m.contains(*op) => {
            let k = m.text(*k).to_owned();
            m.remove_discardable(*op, &k);
        }
        Edit::DropInherent(op, k) if m.contains(*op) => {
            let k = m.text(*k).to_owned();
            m.remove_prop(*op, &k);
        }
        Edit::Set(op, k, simpler) if m.contains(*op) => {
            let k = m.text(*k).to_owned();
            set(m, *op, &k, simpler);
        }
        _ => {}
    }
}

fn set(m: &mut Module, op: OpId, k: &str, simpler: &Simpler) -> Option<()> {
    let old = m.prop(op, k)?;
    let data = match (simpler, m.attr_data(old)) {
        (Simpler::Int(value), AttrData::Integer { ty, .. }) => AttrData::Integer {
            value: *value,
            ty: *ty,
        },
        (Simpler::Zero, AttrData::Float { kind, .. }) => AttrData::Float {
            bits: 0,
            kind: *kind,
        },
        (Simpler::Zeros, _) => {
            let (ty, bytes) = m.attr_elements(old)?;
            AttrData::Dense(Elements {
                ty,
                bytes: vec![0; bytes.len()].into(),
            })
        }
        _ => return None,
    };
    let new = m.attr(data);
    m.set_prop(op, k, new);
    Some(())
}
