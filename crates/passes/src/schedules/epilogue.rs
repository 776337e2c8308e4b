//! What is done to each byte of a layer before it is stored: sums with other tensors, and tables.
//!
//! [`Sink`] is the one place where kernels of int8 layers store their output: where a layer has an epilogue, it does not take a pass over
//! memory of its own. A sum reads the other operand at the place where it writes, so that the result may take that operand's place.

use super::add::{declare_sum, sum_cycles};
use super::broadcast::Sum;
use interp::numerics::add::AddI8Params;
use ir::dialects::nn::TABLE_LENGTH;
use ir::{Builder, OpId, ValueId};
use pass::KernelBuilder;
use target::Target;

/// A step of an epilogue, from a byte to a byte.
#[derive(Clone, PartialEq, Debug)]
pub enum Stage {
    /// The sum with another tensor of the output's shape.
    Sum {
        /// Which operand of the op that is.
        operand: usize,
        /// Whether the byte at hand is the left one.
        is_left: bool,
        /// The sum.
        params: AddI8Params,
    },
    /// A function of the byte, as `nn.lookup_table` has it.
    Table(Vec<i8>),
}

/// The steps, in order.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct Epilogue(pub Vec<Stage>);

impl Epilogue {
    /// Cycles for an output.
    pub fn cycles(&self, target: &Target) -> u64 {
        let c = &target.cost;
        let stage = |s: &Stage| match s {
            // Its numbers are loaded for each output: a kernel's sums leave them no registers.
            Stage::Sum { .. } => c.load + sum_cycles(c) + 3 * c.load,
            Stage::Table(_) => c.load_after_load + c.alu,
        };
        self.0.iter().map(|s| u64::from(stage(s))).sum()
    }

    /// Bytes of code and tables, for a kernel that makes so many outputs at once.
    pub fn flash(&self, outputs: u64) -> u64 {
        let stage = |s: &Stage| match s {
            Stage::Sum { .. } => 28 * outputs,
            Stage::Table(_) => TABLE_LENGTH as u64 + 6 * outputs,
        };
        self.0.iter().map(stage).sum()
    }

    /// What a kernel's name says of it: `_add`, `_table`.
    pub fn name(&self) -> String {
        let stage = |s: &Stage| match s {
            Stage::Sum { .. } => "_add",
            Stage::Table(_) => "_table",
        };
        self.0.iter().map(stage).collect()
    }

    /// Declares the output of `len` elements as an argument of a kernel, and what the steps need.
    pub fn declare(&self, k: &mut KernelBuilder<'_>, op: OpId, len: i64) -> Sink {
        let steps = self.0.iter().map(|stage| match stage {
            Stage::Sum {
                operand,
                is_left,
                params,
            } => Step::Sum {
                other: k.input(op, *operand, &[len]),
                is_left: *is_left,
                sum: declare_sum(params, k),
            },
            Stage::Table(values) => Step::Table(k.table_i8("table", &[TABLE_LENGTH], values)),
        });
        let steps = steps.collect();
        Sink {
            steps,
            output: k.output(op, 0, &[len]),
        }
    }
}

enum Step {
    Sum {
        other: ValueId,
        is_left: bool,
        sum: Box<dyn Sum>,
    },
    Table(ValueId),
}

/// Where a kernel stores the bytes of its layer.
pub struct Sink {
    output: ValueId,
    steps: Vec<Step>,
}

impl Sink {
    /// Stores a byte of the layer, an `i8`, at a place of the output.
    pub fn store(&self, b: &mut Builder<'_>, value: ValueId, at: ValueId) {
        let mut value = value;
        for step in &self.steps {
            value = match step {
                Step::Sum {
                    other,
                    is_left,
                    sum,
                } => {
                    let other = b.load(*other, &[at]);
                    let (left, right) = match is_left {
                        true => (value, other),
                        false => (other, value),
                    };
                    let left = sum.left(b, left);
                    let right = sum.right(b, right);
                    sum.sum(b, left, right)
                }
                Step::Table(table) => {
                    let (i32, index) = (b.m.i32(), b.m.index());
                    let i = b.cast("arith.extui", value, i32);
                    let i = b.cast("arith.index_cast", i, index);
                    b.load(*table, &[i])
                }
            };
        }
        b.store(value, self.output, &[at]);
    }
}
