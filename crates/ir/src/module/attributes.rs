//! Attributes by name, and reading them.

use super::Change;
use crate::{Attr, AttrData, Elements, FloatKind, Module, OpId, Str, Type};
use std::sync::Arc;

impl Module {
    /// An integer attribute.
    pub fn int_attr(&mut self, value: i64, ty: Type) -> Attr {
        self.attr(AttrData::Integer { value, ty })
    }
    /// `value : i64`
    pub fn i64_attr(&mut self, value: i64) -> Attr {
        let ty = self.i64();
        self.int_attr(value, ty)
    }
    /// `true` or `false`
    pub fn bool_attr(&mut self, value: bool) -> Attr {
        let ty = self.i1();
        self.int_attr(value.into(), ty)
    }
    /// `value : f32`
    pub fn f32_attr(&mut self, value: f32) -> Attr {
        self.attr(AttrData::Float {
            bits: value.to_bits().into(),
            kind: FloatKind::F32,
        })
    }
    /// A string attribute.
    pub fn str_attr(&mut self, value: &str) -> Attr {
        self.attr(AttrData::String(value.to_owned()))
    }
    /// `@value`
    pub fn symbol_attr(&mut self, value: &str) -> Attr {
        self.attr(AttrData::Symbol(value.to_owned()))
    }
    /// `array<i64: …>`
    pub fn i64s_attr(&mut self, values: &[i64]) -> Attr {
        self.attr(AttrData::I64Array(values.to_vec()))
    }
    /// A type attribute.
    pub fn type_attr(&mut self, ty: Type) -> Attr {
        self.attr(AttrData::Type(ty))
    }
    /// A unit attribute.
    pub fn unit_attr(&mut self) -> Attr {
        self.attr(AttrData::Unit)
    }
    /// A dictionary attribute.
    pub fn dict_attr(&mut self, entries: &[(&str, Attr)]) -> Attr {
        let mut entries: Vec<(Str, Attr)> =
            entries.iter().map(|(k, v)| (self.str(k), *v)).collect();
        entries.sort_by(|a, b| self.text(a.0).cmp(self.text(b.0)));
        self.attr(AttrData::Dict(entries))
    }
    /// `dense<…>` of raw little-endian elements; `ty` is a tensor or vector type.
    pub fn dense_attr(&mut self, ty: Type, bytes: impl Into<Arc<[u8]>>) -> Attr {
        self.attr(AttrData::Dense(Elements {
            ty,
            bytes: bytes.into(),
        }))
    }
    /// `dense_resource<key>` with a new resource whose key derives from `hint`.
    pub fn resource_attr(
        &mut self,
        hint: &str,
        ty: Type,
        align: u32,
        bytes: impl Into<Arc<[u8]>>,
    ) -> Attr {
        let key = self.add_resource(hint, align, bytes.into());
        self.attr(AttrData::Resource { key, ty })
    }

    /// Removes a discardable attribute of an op.
    pub fn remove_discardable(&mut self, op: OpId, name: &str) {
        let key = self.str(name);
        self.ops[op].attrs.retain(|(k, _)| *k != key);
        self.note(Change::Modified(op));
    }

    /// Value of an integer attribute.
    pub fn attr_int(&self, a: Attr) -> Option<i64> {
        match self.attr_data(a) {
            AttrData::Integer { value, .. } => Some(*value),
            _ => None,
        }
    }
    /// Value of a float attribute, widened.
    pub fn attr_float(&self, a: Attr) -> Option<f64> {
        match self.attr_data(a) {
            AttrData::Float {
                bits,
                kind: FloatKind::F32,
            } => Some(f32::from_bits(*bits as u32).into()),
            AttrData::Float {
                bits,
                kind: FloatKind::F64,
            } => Some(f64::from_bits(*bits)),
            _ => None,
        }
    }
    /// Value of a string attribute.
    pub fn attr_str(&self, a: Attr) -> Option<&str> {
        match self.attr_data(a) {
            AttrData::String(s) => Some(s),
            _ => None,
        }
    }
    /// Name of a symbol attribute.
    pub fn attr_symbol(&self, a: Attr) -> Option<&str> {
        match self.attr_data(a) {
            AttrData::Symbol(s) => Some(s),
            _ => None,
        }
    }
    /// Values of an `array<i64>`.
    pub fn attr_i64s(&self, a: Attr) -> Option<&[i64]> {
        match self.attr_data(a) {
            AttrData::I64Array(v) => Some(v),
            _ => None,
        }
    }
    /// Value of a type attribute.
    pub fn attr_type(&self, a: Attr) -> Option<Type> {
        match self.attr_data(a) {
            AttrData::Type(t) => Some(*t),
            _ => None,
        }
    }
    /// Entry of a dictionary attribute.
    pub fn attr_entry(&self, a: Attr, key: &str) -> Option<Attr> {
        match self.attr_data(a) {
            AttrData::Dict(d) => d.iter().find(|(k, _)| self.text(*k) == key).map(|e| e.1),
            _ => None,
        }
    }
    /// Type and bytes of a `dense` or `dense_resource` attribute; `None` also when the resource is missing.
    pub fn attr_elements(&self, a: Attr) -> Option<(Type, &Arc<[u8]>)> {
        match self.attr_data(a) {
            AttrData::Dense(e) => Some((e.ty, &e.bytes)),
            AttrData::Resource { key, ty } => Some((*ty, &self.resources.get(key)?.bytes)),
            _ => None,
        }
    }
}
