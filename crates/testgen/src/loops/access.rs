//! Random accesses that stay inside of their buffers.

use super::body::Body;
use super::range::Range;
use super::scope::{Buffer, FLOAT_BOUND, Float, Index, Int, Scalar};
use ir::{Builder, ValueId};

/// The widest vector whose elements are looked at: what a 64-bit load brings.
const WORD_BYTES: i64 = 8;

impl Body {
    /// An index from 0 to `most`.
    fn index_up_to(&mut self, b: &mut Builder<'_>, most: i64) -> Index {
        let fitting: Vec<Index> = self
            .scope
            .indices
            .iter()
            .copied()
            .filter(|i| i.range.within(0, most))
            .collect();
        match self.c.below(8) {
            0..4 if !fitting.is_empty() => fitting[self.recent(fitting.len())],
            4 if !fitting.is_empty() => {
                let x = fitting[self.c.below(fitting.len() as u32) as usize];
                let step = self.c.between(0, most - x.range.high);
                let step = self.index_constant(b, step);
                let range =
                    Range::new(x.range.low + step.range.low, x.range.high + step.range.high);
                Index {
                    v: b.addi_nsw(x.v, step.v),
                    range,
                    multiple: super::scope::gcd(x.multiple, step.multiple),
                }
            }
            5 => {
                // From the data: cut to the range.
                let x = self.int(b, 32);
                let (zero, top) = (self.int_constant(b, 32, 0), self.int_constant(b, 32, most));
                let low = b.maxsi(x.v, zero.v);
                let inside = b.minsi(low, top.v);
                let ty = b.m.index();
                Index {
                    v: b.cast("arith.index_cast", inside, ty),
                    range: Range::new(0, most),
                    multiple: 1,
                }
            }
            6 if !self.scope.indices.is_empty() => {
                let x = self.scope.indices[self.c.below(self.scope.indices.len() as u32) as usize];
                let (zero, top) = (b.const_index(0), b.const_index(most));
                let low = b.maxsi(x.v, zero);
                Index {
                    v: b.minsi(low, top),
                    range: Range::new(0, most),
                    multiple: 1,
                }
            }
            _ => {
                let value = self.c.between(0, most);
                self.index_constant(b, value)
            }
        }
    }

    /// Subscripts of an access of `lanes` elements along the last dimension, and a divisor of the position in elements.
    fn subscripts(
        &mut self,
        b: &mut Builder<'_>,
        shape: &[i64],
        lanes: i64,
    ) -> (Vec<ValueId>, i64) {
        let strides = ir::dialects::memref::row_major_strides(shape);
        let last = shape.len() - 1;
        let mut multiple = 0;
        let mut at = Vec::new();
        for (i, &n) in shape.iter().enumerate() {
            let most = if i == last { n - lanes } else { n - 1 };
            let index = self.index_up_to(b, most);
            multiple = super::scope::gcd(multiple, index.multiple * strides[i]);
            at.push(index.v);
        }
        (at, multiple)
    }

    fn pick(&mut self, wanted: impl Fn(&Buffer) -> bool) -> Option<Buffer> {
        let fitting: Vec<&Buffer> = self.scope.buffers.iter().filter(|x| wanted(x)).collect();
        (!fitting.is_empty()).then(|| fitting[self.c.below(fitting.len() as u32) as usize].clone())
    }

    /// Makes a loaded element known.
    fn take(&mut self, v: ValueId, elem: Scalar) {
        match elem {
            Scalar::F32 => self.scope.floats.push(Float {
                v,
                bound: FLOAT_BOUND,
            }),
            _ => {
                let width = 8 * elem.bytes() as u32;
                self.scope.ints.push(Int {
                    v,
                    width,
                    range: Range::full(width),
                });
            }
        }
    }

    pub fn load(&mut self, b: &mut Builder<'_>) {
        if let Some(buffer) = self.pick(|x| x.ready) {
            let (at, _) = self.subscripts(b, &buffer.ty.shape, 1);
            let v = b.load(buffer.v, &at);
            self.take(v, buffer.ty.elem);
        }
    }

    /// A value to store, of an element type.
    pub fn element(&mut self, b: &mut Builder<'_>, elem: Scalar) -> ValueId {
        match elem {
            Scalar::F32 => {
                let x = self.float(b);
                self.clamped(b, x, FLOAT_BOUND).v
            }
            _ => {
                let width = 8 * elem.bytes() as u32;
                self.int(b, width).v
            }
        }
    }

    /// A value for the element at a position: differs from element to element.
    pub fn element_at(&mut self, b: &mut Builder<'_>, elem: Scalar, at: &[ValueId]) -> ValueId {
        let Some(&index) = at.get(self.c.below(at.len() as u32) as usize) else {
            return self.element(b, elem);
        };
        let width = match elem {
            Scalar::F32 => 32,
            _ => 8 * elem.bytes() as u32,
        };
        let ty = b.m.int(width);
        let index = b.cast("arith.index_cast", index, ty);
        if elem != Scalar::F32 {
            let x = self.int(b, width);
            return match self.c.below(4) {
                0 => b.addi(x.v, index),
                1 => b.xori(x.v, index),
                2 => b.subi(index, x.v),
                _ => b.muli(x.v, index),
            };
        }
        let ty = b.m.f32();
        let index = b.cast("arith.sitofp", index, ty);
        let x = self.float(b);
        // An index is below 128, so either result is within the bound.
        let x = self.clamped(b, x, FLOAT_BOUND / 128.0);
        match self.c.below(2) {
            0 => b.addf(x.v, index),
            _ => b.mulf(x.v, index),
        }
    }

    pub fn store(&mut self, b: &mut Builder<'_>) {
        if let Some(buffer) = self.pick(|x| x.writable) {
            let value = self.element(b, buffer.ty.elem);
            let (at, _) = self.subscripts(b, &buffer.ty.shape, 1);
            b.store(value, buffer.v, &at);
        }
    }

    /// Several elements at once: into words, or to another place. Vectors of more than [`WORD_BYTES`] are only copied.
    pub fn vector(&mut self, b: &mut Builder<'_>) {
        let several = |x: &Buffer| x.ready && x.ty.shape.last().is_some_and(|&n| n >= 2);
        let Some(from) = self.pick(several) else {
            return;
        };
        let elem = from.ty.elem;
        let n = from.ty.shape[from.ty.shape.len() - 1];
        let fitting = [4, 2, 8, 16].into_iter().filter(|&l| l <= n);
        let lanes: Vec<i64> = fitting.collect();
        let lanes = self.c.of(&lanes);
        let (at, multiple) = self.subscripts(b, &from.ty.shape, lanes);
        let align = self.alignment(elem, multiple);
        let v = b.vload(from.v, &at, lanes, align);
        let bytes = lanes * elem.bytes();
        if bytes > WORD_BYTES || self.c.below(3) == 0 {
            self.store_vector(b, v, elem, lanes);
            return;
        }
        let others = [Scalar::I32, Scalar::I16, Scalar::I64, Scalar::I8];
        let others: Vec<Scalar> = others
            .into_iter()
            .filter(|o| bytes % o.bytes() == 0 && *o != elem)
            .collect();
        let (v, elem, lanes) = if others.is_empty() || self.c.once_in(5) {
            (v, elem, lanes)
        } else {
            let to = self.c.of(&others);
            let lanes = bytes / to.bytes();
            let ty = to.ty(b.m);
            let ty = b.m.vector(&[lanes], ty);
            (b.cast("vector.bitcast", v, ty), to, lanes)
        };
        if self.c.once_in(4) {
            self.store_vector(b, v, elem, lanes);
        }
        for _ in 0..=self.c.below(2) {
            let i = self.c.between(0, lanes - 1);
            let x = b.extract(v, i);
            self.take(x, elem);
        }
    }

    /// Puts a vector into a buffer, if one takes it.
    fn store_vector(&mut self, b: &mut Builder<'_>, v: ValueId, elem: Scalar, lanes: i64) {
        let takes = |x: &Buffer| {
            x.writable && x.ty.elem == elem && x.ty.shape.last().is_some_and(|&n| n >= lanes)
        };
        if let Some(to) = self.pick(takes) {
            let (at, multiple) = self.subscripts(b, &to.ty.shape, lanes);
            let align = self.alignment(elem, multiple);
            b.vstore(v, to.v, &at, align);
        }
    }

    /// An alignment in bytes beyond the elements' own, where the position proves it; buffers start at multiples of 4.
    fn alignment(&mut self, elem: Scalar, multiple: i64) -> Option<i64> {
        let proven = (1..=4)
            .rev()
            .find(|a| 4 % a == 0 && (multiple * elem.bytes()) % a == 0)?;
        (proven > elem.bytes() && !self.c.once_in(3)).then_some(proven)
    }
}
