//! What a place in a kernel sees: values by type, with what is known of them, and buffers.

use super::range::Range;
use ir::{Module, Type, ValueId};

/// Types of buffer elements.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scalar {
    I8,
    I16,
    I32,
    I64,
    F32,
}

impl Scalar {
    pub fn bytes(self) -> i64 {
        match self {
            Scalar::I8 => 1,
            Scalar::I16 => 2,
            Scalar::I32 | Scalar::F32 => 4,
            Scalar::I64 => 8,
        }
    }

    pub fn ty(self, m: &mut Module) -> Type {
        match self {
            Scalar::F32 => m.f32(),
            _ => m.int(8 * self.bytes() as u32),
        }
    }
}

/// Shape and elements of a buffer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BufferType {
    pub shape: Vec<i64>,
    pub elem: Scalar,
}

impl BufferType {
    pub fn len(&self) -> i64 {
        self.shape.iter().product()
    }

    pub fn ty(&self, m: &mut Module) -> Type {
        let elem = self.elem.ty(m);
        m.memref(&self.shape, elem)
    }
}

/// Largest magnitude of the floats in buffers.
pub const FLOAT_BOUND: f64 = 1000.0;

/// A buffer that a kernel may access.
#[derive(Clone, Debug)]
pub struct Buffer {
    pub v: ValueId,
    pub ty: BufferType,
    /// Whether every element has been written.
    pub ready: bool,
    pub writable: bool,
}

/// An integer of 8, 16, 32 or 64 bits.
#[derive(Clone, Copy, Debug)]
pub struct Int {
    pub v: ValueId,
    pub width: u32,
    pub range: Range,
}

/// A float32 that is finite.
#[derive(Clone, Copy, Debug)]
pub struct Float {
    pub v: ValueId,
    /// Largest magnitude.
    pub bound: f64,
}

/// An `index`.
#[derive(Clone, Copy, Debug)]
pub struct Index {
    pub v: ValueId,
    pub range: Range,
    /// A divisor of every value; 0 when the value is 0.
    pub multiple: i64,
}

/// The values in scope, the latest last.
#[derive(Clone, Default, Debug)]
pub struct Scope {
    pub ints: Vec<Int>,
    pub floats: Vec<Float>,
    pub indices: Vec<Index>,
    pub bools: Vec<ValueId>,
    pub buffers: Vec<Buffer>,
}

/// How many values of each type a scope had.
#[derive(Clone, Copy, Debug)]
pub struct Mark([usize; 4]);

impl Scope {
    pub fn mark(&self) -> Mark {
        Mark([
            self.ints.len(),
            self.floats.len(),
            self.indices.len(),
            self.bools.len(),
        ])
    }

    /// Forgets the values since a mark: a region has ended.
    pub fn leave(&mut self, Mark([ints, floats, indices, bools]): Mark) {
        self.ints.truncate(ints);
        self.floats.truncate(floats);
        self.indices.truncate(indices);
        self.bools.truncate(bools);
    }
}

pub fn gcd(a: i64, b: i64) -> i64 {
    if b == 0 { a.abs() } else { gcd(b, a % b) }
}
