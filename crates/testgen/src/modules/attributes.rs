//! Attributes by their declared kind, and constants.

use super::body::Generator;
use ir::{Attr, AttrData, AttrKind, AttrSpec, Elements, FloatKind, Type, TypeData};

/// Bytes of a constant's elements at most.
const LARGEST: u64 = 4096;

impl Generator<'_> {
    /// A value for an attribute; `hint` is a type that may matter, the first operand's or the result's.
    pub(super) fn attribute(&mut self, spec: &AttrSpec, hint: Option<Type>) -> Attr {
        if let Some(known) = self.known_attribute(&spec.name) {
            return known;
        }
        match spec.kind {
            AttrKind::Any => {
                let kinds = [
                    AttrKind::Int,
                    AttrKind::Unit,
                    AttrKind::Str,
                    AttrKind::I64Array,
                ];
                let kind = self.c.of(&kinds);
                self.of_kind(kind, hint)
            }
            kind => self.of_kind(kind, hint),
        }
    }

    /// The attributes of MLIR's own dialects whose text is not free.
    fn known_attribute(&mut self, name: &str) -> Option<Attr> {
        let data = match name {
            "fastmath" => AttrData::Opaque("#arith.fastmath<none>".to_owned()),
            "overflowFlags" => {
                let flags = if self.c.once_in(12) { "nsw" } else { "none" };
                AttrData::Opaque(format!("#arith.overflow<{flags}>"))
            }
            "predicate" => {
                let p = self.c.between(0, 15);
                return Some(self.m.i64_attr(p));
            }
            _ => return None,
        };
        Some(self.m.attr(data))
    }

    fn of_kind(&mut self, kind: AttrKind, hint: Option<Type>) -> Attr {
        match kind {
            AttrKind::Any | AttrKind::Unit => self.m.unit_attr(),
            AttrKind::Int => {
                let x = self.small();
                if self.c.once_in(3) {
                    let i32 = self.m.i32();
                    self.m.int_attr(x, i32)
                } else {
                    self.m.i64_attr(x)
                }
            }
            AttrKind::Float => {
                let x = self.c.of(&[0.0, 1.0, -1.0, 0.5, 3.25]);
                self.m.f32_attr(x)
            }
            AttrKind::Bool => {
                let x = self.c.once_in(2);
                self.m.bool_attr(x)
            }
            AttrKind::Str => {
                let s = self.c.of(&["none", "relu", "relu6", "a", ""]);
                self.m.str_attr(s)
            }
            AttrKind::Symbol => {
                let names: Vec<String> = self.functions.iter().map(|f| f.name.clone()).collect();
                let name = if names.is_empty() {
                    "nothing".to_owned()
                } else {
                    self.c.of(&names)
                };
                self.m.symbol_attr(&name)
            }
            AttrKind::I64Array => {
                let n = self.c.between(0, 4);
                let values: Vec<i64> = (0..n).map(|_| self.c.between(0, 3)).collect();
                self.m.i64s_attr(&values)
            }
            AttrKind::Array => {
                let n = self.c.between(0, 2);
                let items: Vec<Attr> = (0..n).map(|_| self.of_kind(AttrKind::Int, None)).collect();
                self.m.attr(AttrData::Array(items))
            }
            AttrKind::Type => {
                let ty = hint.unwrap_or_else(|| self.m.i32());
                self.m.type_attr(ty)
            }
            AttrKind::Elements => {
                let tensor =
                    hint.filter(|&t| matches!(self.m.type_data(t), TypeData::Tensor { .. }));
                let ty = tensor.unwrap_or_else(|| {
                    let i32 = self.m.i32();
                    self.m.tensor(&[2], i32)
                });
                let fallback = self.m.unit_attr();
                self.elements(ty).unwrap_or(fallback)
            }
        }
    }

    fn small(&mut self) -> i64 {
        self.c.of(&[0, 1, 2, 3, 4, -1, 7, 8, 31])
    }

    /// The value of a constant of a scalar type: neutral elements, small numbers, the ends of the range.
    pub(super) fn scalar_value(&mut self, ty: Type) -> Option<Attr> {
        let data = match *self.m.type_data(ty) {
            TypeData::Integer(1) => return Some(self.of_kind(AttrKind::Bool, None)),
            TypeData::Integer(w @ 2..=64) => {
                let (min, max) = (i64::MIN >> (64 - w), i64::MAX >> (64 - w));
                let value = match self.c.below(12) {
                    0..=8 => self.small().clamp(min, max),
                    9 => min,
                    10 => max,
                    _ => self.c.between(min, max),
                };
                AttrData::Integer { value, ty }
            }
            TypeData::Index => {
                let value = self.c.of(&[0, 1, 2, 3, 4, 7, 16]);
                AttrData::Integer { value, ty }
            }
            TypeData::Float(FloatKind::F32) => {
                let x = self
                    .c
                    .of(&[0.0f32, 1.0, -0.0, 2.0, -1.0, 0.5, 1e9, 1.0 / 3.0]);
                return Some(self.m.f32_attr(x));
            }
            TypeData::Float(FloatKind::F64) => {
                let x = self.c.of(&[0.0f64, 1.0, -1.0, 1.0 / 3.0]);
                let (bits, kind) = (x.to_bits(), FloatKind::F64);
                AttrData::Float { bits, kind }
            }
            _ => return None,
        };
        Some(self.m.attr(data))
    }

    /// Random elements of a tensor type, of its storage type.
    pub(super) fn elements(&mut self, ty: Type) -> Option<Attr> {
        let TypeData::Tensor { shape, elem } = self.m.type_data(ty).clone() else {
            return None;
        };
        let bytes = self.m.size_bytes(ty).filter(|&n| n <= LARGEST)? as usize;
        let splat = self.c.once_in(3);
        let float = matches!(self.m.type_data(elem), TypeData::Float(FloatKind::F32));
        let bit = matches!(self.m.type_data(elem), TypeData::Integer(1));
        let mut data = Vec::with_capacity(bytes);
        let width = self.m.elem_bytes(elem)? as usize;
        let first = self.c.between(-4, 4);
        while data.len() < bytes {
            let x = if splat { first } else { self.c.between(-4, 4) };
            let word = match (float, bit) {
                (true, _) => u64::from((x as f32 * 0.5).to_bits()),
                (_, true) => (x & 1) as u64,
                _ => x as u64,
            };
            data.extend_from_slice(&word.to_le_bytes()[..width.min(8)]);
        }
        let storage = self.m.storage_type(elem);
        let ty = self.m.tensor(&shape, storage);
        Some(self.m.attr(AttrData::Dense(Elements {
            ty,
            bytes: data.into(),
        })))
    }
}
