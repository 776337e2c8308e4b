//! Types by name, and the sizes of their values.

use crate::{FloatKind, Module, QuantType, Type, TypeData};

impl Module {
    /// A signless integer type.
    pub fn int(&mut self, width: u32) -> Type {
        self.ty(TypeData::Integer(width))
    }
    /// `i1`
    pub fn i1(&mut self) -> Type {
        self.int(1)
    }
    /// `i8`
    pub fn i8(&mut self) -> Type {
        self.int(8)
    }
    /// `i16`
    pub fn i16(&mut self) -> Type {
        self.int(16)
    }
    /// `i32`
    pub fn i32(&mut self) -> Type {
        self.int(32)
    }
    /// `i64`
    pub fn i64(&mut self) -> Type {
        self.int(64)
    }
    /// `index`
    pub fn index(&mut self) -> Type {
        self.ty(TypeData::Index)
    }
    /// `f32`
    pub fn f32(&mut self) -> Type {
        self.ty(TypeData::Float(FloatKind::F32))
    }
    /// `f64`
    pub fn f64(&mut self) -> Type {
        self.ty(TypeData::Float(FloatKind::F64))
    }
    /// A tensor.
    pub fn tensor(&mut self, shape: &[i64], elem: Type) -> Type {
        self.ty(TypeData::Tensor {
            shape: shape.into(),
            elem,
        })
    }
    /// A memref.
    pub fn memref(&mut self, shape: &[i64], elem: Type) -> Type {
        self.ty(TypeData::MemRef {
            shape: shape.into(),
            elem,
        })
    }
    /// A vector.
    pub fn vector(&mut self, shape: &[i64], elem: Type) -> Type {
        self.ty(TypeData::Vector {
            shape: shape.into(),
            elem,
        })
    }
    /// A quantised element type.
    pub fn quant(&mut self, q: QuantType) -> Type {
        self.ty(TypeData::Quant(q))
    }
    /// A function type.
    pub fn function(&mut self, inputs: &[Type], results: &[Type]) -> Type {
        self.ty(TypeData::Function {
            inputs: inputs.to_vec(),
            results: results.to_vec(),
        })
    }

    /// The quantisation of a tensor's element type, or of an element type.
    pub fn quant_of(&self, ty: Type) -> Option<&QuantType> {
        match self.type_data(ty) {
            TypeData::Quant(q) => Some(q),
            TypeData::Tensor { elem, .. } => match self.type_data(*elem) {
                TypeData::Quant(q) => Some(q),
                _ => None,
            },
            _ => None,
        }
    }

    /// The type that elements have in memory: a quantised element's storage integer, else the type itself.
    pub fn storage_type(&mut self, elem: Type) -> Type {
        match self.type_data(elem) {
            TypeData::Quant(q) => {
                let width = q.storage_width;
                self.int(width)
            }
            _ => elem,
        }
    }

    /// Bytes of one element in memory: `i1` takes one, `index` four. `None` for what has no fixed size.
    pub fn elem_bytes(&self, elem: Type) -> Option<u64> {
        match self.type_data(elem) {
            TypeData::Integer(w) => Some(u64::from(w.div_ceil(8)).next_power_of_two()),
            TypeData::Index => Some(4),
            TypeData::Float(k) => Some(u64::from(k.width() / 8)),
            TypeData::Quant(q) => Some(u64::from(q.storage_width.div_ceil(8)).next_power_of_two()),
            TypeData::Vector { shape, elem } => {
                shape.iter().try_fold(self.elem_bytes(*elem)?, |n, &d| {
                    n.checked_mul(u64::try_from(d).ok()?)
                })
            }
            _ => None,
        }
    }

    /// Number of elements of a statically shaped type.
    pub fn num_elements(&self, ty: Type) -> Option<u64> {
        let shape = self.type_data(ty).shape()?;
        shape
            .iter()
            .try_fold(1u64, |n, &d| n.checked_mul(u64::try_from(d).ok()?))
    }

    /// Bytes of a statically shaped tensor, memref or vector in memory.
    pub fn size_bytes(&self, ty: Type) -> Option<u64> {
        self.num_elements(ty)?
            .checked_mul(self.elem_bytes(self.type_data(ty).elem()?)?)
    }
}
