//! Random bodies of kernels: loops, conditionals, calls, and the statements in them.

use super::Features;
use super::range::Range;
use super::scope::{Buffer, BufferType, FLOAT_BOUND, Float, Index, Int, Scalar, Scope};
use crate::choices::Choices;
use ir::{Builder, Loc, OpId, OpState, Type, ValueId};

/// Iterations of a nest of loops at most.
const MOST_TRIPS: i64 = 256;

/// Loops and conditionals inside of each other at most, those that fill a buffer not counted.
const MOST_DEPTH: u32 = 3;

/// Largest magnitude of an index that a loop carries.
const CARRIED_INDEX: i64 = 24;

/// A parameter of a function that is not a buffer: any value in the range may be passed.
#[derive(Clone, Copy, Debug)]
pub enum Parameter {
    Int { width: u32, range: Range },
    Index { most: i64 },
    Float,
}

/// A function that kernels call inside of their loops: a buffer that it writes, then scalars.
#[derive(Clone, Debug)]
pub struct Helper {
    pub name: String,
    pub buffer: BufferType,
    pub scalars: Vec<Parameter>,
}

/// The function that is being written.
pub struct Body {
    pub c: Choices,
    pub features: Features,
    pub scope: Scope,
    pub helpers: Vec<Helper>,
    pub loc: Loc,
    /// Statements that may still be written.
    pub budget: u32,
    /// Iterations of the loops around.
    trips: i64,
    depth: u32,
}

/// A value that a loop carries or a conditional yields.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Int(u32),
    Index,
    Float,
}

impl Body {
    pub fn new(c: Choices, features: Features, helpers: Vec<Helper>, loc: Loc) -> Body {
        let scope = Scope::default();
        Body {
            c,
            features,
            scope,
            helpers,
            loc,
            budget: 0,
            trips: 1,
            depth: 0,
        }
    }

    /// The buffer of a parameter or a global.
    pub fn add_buffer(&mut self, v: ValueId, ty: BufferType, ready: bool, writable: bool) {
        self.scope.buffers.push(Buffer {
            v,
            ty,
            ready,
            writable,
        });
    }

    /// A parameter that is no buffer.
    pub fn add_scalar(&mut self, v: ValueId, p: Parameter) {
        match p {
            Parameter::Int { width, range } => self.scope.ints.push(Int { v, width, range }),
            Parameter::Index { most } => self.scope.indices.push(Index {
                v,
                range: Range::new(0, most),
                multiple: 1,
            }),
            Parameter::Float => self.scope.floats.push(Float {
                v,
                bound: FLOAT_BOUND,
            }),
        }
    }

    /// Writes a block of a region; what is defined in it is forgotten afterwards.
    fn block<R>(
        &mut self,
        b: &mut Builder<'_>,
        op: OpId,
        region: usize,
        args: &[Type],
        write: impl FnOnce(&mut Body, &mut Builder<'_>, &[ValueId]) -> R,
    ) -> R {
        let region = b.m.regions(op)[region];
        let block = b.m.add_block(region, args);
        let args = b.m.block_args(block).to_vec();
        let mut inner = Builder::at_end(b.m, block);
        inner.set_loc(self.loc);
        let mark = self.scope.mark();
        let result = write(self, &mut inner, &args);
        self.scope.leave(mark);
        result
    }

    /// Loops over all elements of every buffer that is not written yet.
    pub fn fill_buffers(&mut self, b: &mut Builder<'_>) {
        for i in 0..self.scope.buffers.len() {
            if !self.scope.buffers[i].ready {
                let ty = self.scope.buffers[i].ty.clone();
                self.fill(b, i, &ty, &mut Vec::new());
                self.scope.buffers[i].ready = true;
            }
        }
    }

    fn fill(&mut self, b: &mut Builder<'_>, buffer: usize, ty: &BufferType, at: &mut Vec<ValueId>) {
        let Some(&n) = ty.shape.get(at.len()) else {
            let before = self.budget;
            self.budget = self.c.below(6);
            if !self.c.once_in(4) {
                self.load(b);
            }
            self.statements(b);
            self.budget = before;
            let value = if self.c.once_in(4) {
                self.element(b, ty.elem)
            } else {
                self.element_at(b, ty.elem, at)
            };
            b.store(value, self.scope.buffers[buffer].v, at);
            return;
        };
        let (low, high, step) = (b.const_index(0), b.const_index(n), b.const_index(1));
        let op = b.insert(
            OpState::new("scf.for")
                .operands(&[low, high, step])
                .regions(1),
        );
        let index = b.m.index();
        let outer = self.trips;
        self.trips *= n;
        self.block(b, op, 0, &[index], |body, b, args| {
            body.scope.indices.push(Index {
                v: args[0],
                range: Range::new(0, n - 1),
                multiple: 1,
            });
            at.push(args[0]);
            body.fill(b, buffer, ty, at);
            at.pop();
            b.op("scf.yield", &[], &[]);
        });
        self.trips = outer;
    }

    /// Statements until the budget is used up or a choice ends them.
    pub fn statements(&mut self, b: &mut Builder<'_>) {
        while self.budget > 0 && !self.c.once_in(24) {
            self.budget -= 1;
            self.statement(b);
        }
    }

    fn statement(&mut self, b: &mut Builder<'_>) {
        let deep = self.depth >= MOST_DEPTH;
        match self.c.below(24) {
            0..6 => {
                self.int_op(b);
            }
            6..10 => self.load(b),
            10 | 11 => self.store(b),
            12..14 if self.features.floats => {
                self.float_op(b);
            }
            14 | 15 => self.index_op(b),
            16 | 17 if self.features.vectors => self.vector(b),
            18..20 if !deep => self.for_loop(b),
            20 | 21 if !deep => self.conditional(b),
            22 => self.call(b),
            23 => {
                self.bool(b);
            }
            _ => self.load(b),
        }
    }

    /// Some of the remaining statements, in a region.
    fn inside(&mut self, b: &mut Builder<'_>) {
        let share = self.budget.min(2 + self.c.below(8));
        let rest = self.budget - share;
        self.budget = share;
        self.depth += 1;
        self.statements(b);
        if self.c.below(3) < 2 {
            self.store(b);
        }
        self.depth -= 1;
        self.budget += rest;
    }

    fn kinds(&mut self, most: u32) -> Vec<Kind> {
        let mut kinds = vec![
            Kind::Int(32),
            Kind::Int(32),
            Kind::Int(64),
            Kind::Index,
            Kind::Int(8),
            Kind::Int(16),
        ];
        if self.features.floats {
            kinds.insert(2, Kind::Float);
        }
        (0..self.c.below(most + 1))
            .map(|_| self.c.of(&kinds))
            .collect()
    }

    fn kind_type(b: &mut Builder<'_>, kind: Kind) -> Type {
        match kind {
            Kind::Int(width) => b.m.int(width),
            Kind::Index => b.m.index(),
            Kind::Float => b.m.f32(),
        }
    }

    /// A value that keeps what [`Body::know`] will assume of it.
    fn value(&mut self, b: &mut Builder<'_>, kind: Kind) -> ValueId {
        match kind {
            Kind::Int(width) => self.int(b, width).v,
            Kind::Float => {
                let x = self.float(b);
                self.clamped(b, x, FLOAT_BOUND).v
            }
            Kind::Index => {
                let (zero, top) = (b.const_index(0), b.const_index(CARRIED_INDEX));
                match self.scope.indices.last() {
                    Some(x) if x.range.within(0, CARRIED_INDEX) => x.v,
                    Some(x) => {
                        let low = b.maxsi(x.v, zero);
                        b.minsi(low, top)
                    }
                    None => zero,
                }
            }
        }
    }

    fn know(&mut self, v: ValueId, kind: Kind) {
        let parameter = match kind {
            Kind::Int(width) => Parameter::Int {
                width,
                range: Range::full(width),
            },
            Kind::Index => Parameter::Index {
                most: CARRIED_INDEX,
            },
            Kind::Float => Parameter::Float,
        };
        self.add_scalar(v, parameter);
    }

    fn for_loop(&mut self, b: &mut Builder<'_>) {
        let room = (MOST_TRIPS / self.trips.max(1)).clamp(1, 12);
        let n = self.c.between(1, room);
        let step = self.c.of(&[1, 1, 2, 3, 4]);
        let lower = self.c.of(&[0, 0, 1, 4]);
        // Sometimes no iteration at all, sometimes a last step that passes the end.
        let upper = if self.c.once_in(16) {
            lower
        } else {
            lower + n * step - self.c.between(0, step - 1)
        };
        let kinds = self.kinds(2);
        let inits: Vec<ValueId> = kinds.iter().map(|&k| self.value(b, k)).collect();
        let by_index = !self.features.integer_loops || !self.c.once_in(6);
        let iv = if by_index { b.m.index() } else { b.m.i32() };
        let (low, end, by) = (
            b.const_int(lower, iv),
            b.const_int(upper, iv),
            b.const_int(step, iv),
        );
        let dynamic = self.c.once_in(4);
        let end = if dynamic {
            self.limit(b, iv, by_index, end)
        } else {
            end
        };
        let mut operands = vec![low, end, by];
        operands.extend(&inits);
        let types: Vec<Type> = kinds.iter().map(|&k| Self::kind_type(b, k)).collect();
        let op = b.insert(
            OpState::new("scf.for")
                .operands(&operands)
                .results(&types)
                .regions(1),
        );
        let mut args = vec![iv];
        args.extend(&types);
        let outer = self.trips;
        self.trips *= n;
        self.block(b, op, 0, &args, |body, b, args| {
            let range = Range::new(lower, (upper - 1).max(lower));
            if by_index {
                let multiple = super::scope::gcd(lower, step);
                body.scope.indices.push(Index {
                    v: args[0],
                    range,
                    multiple,
                });
            } else {
                body.scope.ints.push(Int {
                    v: args[0],
                    width: 32,
                    range,
                });
            }
            for (&v, &kind) in args[1..].iter().zip(&kinds) {
                body.know(v, kind);
            }
            body.inside(b);
            let next: Vec<ValueId> = kinds.iter().map(|&k| body.value(b, k)).collect();
            b.op("scf.yield", &next, &[]);
        });
        self.trips = outer;
        let results = b.m.results(op).to_vec();
        for (&v, &kind) in results.iter().zip(&kinds) {
            self.know(v, kind);
        }
    }

    /// An upper bound from the data, of at most `end`.
    fn limit(&mut self, b: &mut Builder<'_>, iv: Type, by_index: bool, end: ValueId) -> ValueId {
        let x = self.int(b, 32);
        if !by_index {
            return b.minsi(x.v, end);
        }
        let mask = self.int_constant(b, 32, 15);
        let small = b.andi(x.v, mask.v);
        let small = b.cast("arith.index_cast", small, iv);
        b.minsi(small, end)
    }

    fn conditional(&mut self, b: &mut Builder<'_>) {
        let condition = self.bool(b);
        let kinds = self.kinds(2);
        let types: Vec<Type> = kinds.iter().map(|&k| Self::kind_type(b, k)).collect();
        let op = b.insert(
            OpState::new("scf.if")
                .operands(&[condition])
                .results(&types)
                .regions(2),
        );
        let regions = if kinds.is_empty() && self.c.below(2) == 0 {
            1
        } else {
            2
        };
        for region in 0..regions {
            self.block(b, op, region, &[], |body, b, _| {
                body.inside(b);
                let values: Vec<ValueId> = kinds.iter().map(|&k| body.value(b, k)).collect();
                b.op("scf.yield", &values, &[]);
            });
        }
        let results = b.m.results(op).to_vec();
        for (&v, &kind) in results.iter().zip(&kinds) {
            self.know(v, kind);
        }
    }

    /// Calls a helper on a buffer that may be written.
    fn call(&mut self, b: &mut Builder<'_>) {
        let mut pairs = Vec::new();
        for (h, helper) in self.helpers.iter().enumerate() {
            for (i, buffer) in self.scope.buffers.iter().enumerate() {
                if buffer.writable && buffer.ready && buffer.ty == helper.buffer {
                    pairs.push((h, i));
                }
            }
        }
        if pairs.is_empty() || self.trips > MOST_TRIPS / 4 {
            return;
        }
        let (h, i) = self.c.of(&pairs);
        let helper = self.helpers[h].clone();
        let mut args = vec![self.scope.buffers[i].v];
        for p in &helper.scalars {
            args.push(self.argument(b, *p));
        }
        b.call(&helper.name, &args, &[]);
    }

    /// A value to pass for a parameter; in scope where one keeps the parameter's range.
    pub fn argument(&mut self, b: &mut Builder<'_>, p: Parameter) -> ValueId {
        match p {
            Parameter::Int { width, range } => {
                let x = self.int(b, width);
                if x.range.within(range.low, range.high) {
                    return x.v;
                }
                let (low, high) = (
                    self.int_constant(b, width, range.low),
                    self.int_constant(b, width, range.high),
                );
                let v = b.maxsi(x.v, low.v);
                b.minsi(v, high.v)
            }
            Parameter::Index { most } => {
                let fitting = self
                    .scope
                    .indices
                    .iter()
                    .rev()
                    .find(|i| i.range.within(0, most))
                    .map(|i| i.v);
                fitting.unwrap_or_else(|| b.const_index(most / 2))
            }
            Parameter::Float => {
                let x = self.float(b);
                self.clamped(b, x, FLOAT_BOUND).v
            }
        }
    }

    /// Element types of buffers that the features allow.
    pub fn element_types(features: Features) -> Vec<Scalar> {
        let mut all = vec![
            Scalar::I8,
            Scalar::I32,
            Scalar::I8,
            Scalar::I16,
            Scalar::I64,
        ];
        if features.floats {
            all.insert(2, Scalar::F32);
        }
        all
    }
}
