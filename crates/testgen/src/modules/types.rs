//! Types that arguments and constants have.

use crate::choices::Choices;
use ir::{Module, QuantType, Type};

/// What a function's values live in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Flavour {
    /// Scalars only.
    Scalars,
    /// Tensors and scalars.
    Tensors,
    /// Buffers and scalars.
    Buffers,
}

/// A scalar type; `i32` is the simplest and the most frequent.
pub fn scalar(c: &mut Choices, m: &mut Module) -> Type {
    match c.below(16) {
        0..=4 => m.i32(),
        5 | 6 => m.index(),
        7 | 8 => m.f32(),
        9 | 10 => m.i1(),
        11 | 12 => m.i8(),
        13 => m.i16(),
        _ => m.i64(),
    }
}

/// A small tensor.
pub fn tensor(c: &mut Choices, m: &mut Module) -> Type {
    let elem = match c.below(8) {
        0..=2 => m.f32(),
        3..=5 => m.quant(QuantType::per_tensor(8, 0.5, 3)),
        6 => m.i8(),
        _ => m.i32(),
    };
    let shape = c.of(&[vec![4], vec![2, 3], vec![1, 4], vec![1, 4, 4, 2]]);
    m.tensor(&shape, elem)
}

/// A small buffer.
pub fn buffer(c: &mut Choices, m: &mut Module) -> Type {
    let elem = match c.below(8) {
        0..=3 => m.i32(),
        4 | 5 => m.i8(),
        6 => m.f32(),
        _ => m.i16(),
    };
    let shape = c.of(&[vec![8], vec![2, 3], vec![4, 4], vec![1]]);
    m.memref(&shape, elem)
}

/// A type for an argument of a function.
pub fn argument(c: &mut Choices, m: &mut Module, flavour: Flavour) -> Type {
    match flavour {
        Flavour::Tensors if !c.once_in(3) => tensor(c, m),
        Flavour::Buffers if !c.once_in(3) => buffer(c, m),
        _ => scalar(c, m),
    }
}
