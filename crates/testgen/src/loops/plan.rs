//! The plan of a module: which kernels there are, which buffers each call takes, where in the arena they are.

use super::Features;
use super::body::{Body, Parameter};
use super::range::Range;
use super::scope::{BufferType, Scalar};
use crate::choices::Choices;

/// Where a buffer of `@main` is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    Input,
    Output,
    Activation,
    Scratch,
    /// A constant global, by number.
    Constant(usize),
}

/// A buffer of `@main`.
#[derive(Clone, Debug)]
pub struct Slot {
    pub ty: BufferType,
    pub role: Role,
    /// The first and the last step that need it.
    pub first: usize,
    pub last: usize,
    pub offset: i64,
}

/// A kernel's interface: buffers that it reads, buffers that it writes whole, scalars.
#[derive(Clone, Debug)]
pub struct Kernel {
    pub reads: Vec<BufferType>,
    pub writes: Vec<BufferType>,
    pub scalars: Vec<Parameter>,
    /// Its first read buffer is written too: for it and for the first written one, the same buffer may be passed.
    pub in_place: bool,
}

/// One step of `@main`.
#[derive(Clone, Debug)]
pub enum Step {
    Call {
        kernel: usize,
        reads: Vec<usize>,
        writes: Vec<usize>,
    },
    Copy {
        from: usize,
        to: usize,
    },
}

pub struct Plan {
    pub slots: Vec<Slot>,
    pub constants: Vec<BufferType>,
    pub kernels: Vec<Kernel>,
    pub steps: Vec<Step>,
    pub helpers: Vec<BufferType>,
    /// Whether inputs and outputs are in the arena.
    pub io_in_arena: bool,
}

impl Plan {
    pub fn draw(c: &mut Choices, features: Features) -> Plan {
        let types = buffer_types(c, features);
        let mut p = Plan {
            slots: Vec::new(),
            constants: Vec::new(),
            kernels: Vec::new(),
            steps: Vec::new(),
            helpers: Vec::new(),
            io_in_arena: !c.once_in(4),
        };
        for _ in 0..c.below(3) {
            p.helpers.push(c.of(&types));
        }
        for _ in 0..c.of(&[1, 1, 2, 3]) {
            // The first types are those of tensors.
            let ty = c.of(&types[..2]);
            p.slots.push(Slot {
                ty,
                role: Role::Input,
                first: 0,
                last: 0,
                offset: 0,
            });
        }
        for i in 0..c.below(3) as usize {
            let ty = c.of(&types);
            p.constants.push(ty.clone());
            p.slots.push(Slot {
                ty,
                role: Role::Constant(i),
                first: 0,
                last: 0,
                offset: 0,
            });
        }
        let count = c.of(&[1, 1, 2, 3, 4, 5]);
        for step in 0..count {
            p.step(c, &types, step + 1 == count);
        }
        p.choose_outputs(c);
        p.place();
        p
    }

    fn step(&mut self, c: &mut Choices, types: &[BufferType], last: bool) {
        let now = self.steps.len();
        if !last && c.once_in(5) {
            let from = self.written(c);
            let to = self.fresh(self.slots[from].ty.clone(), Role::Activation, now);
            self.slots[from].last = now;
            self.steps.push(Step::Copy { from, to });
            return;
        }
        if !last && !self.kernels.is_empty() && c.once_in(3) && self.call_again(c, now) {
            return;
        }
        let mut reads: Vec<usize> = (0..c.of(&[1, 2, 2, 3])).map(|_| self.written(c)).collect();
        reads.dedup();
        let mut writes = Vec::new();
        let mut out_types = vec![if last { c.of(&types[..2]) } else { c.of(types) }];
        if c.once_in(3) {
            out_types.push(c.of(types));
        }
        let reusable = self.slots[reads[0]].role == Role::Activation;
        let in_place = !last && reusable && c.once_in(3);
        if in_place {
            out_types[0] = self.slots[reads[0]].ty.clone();
            writes.push(reads[0]);
        }
        for ty in &out_types[writes.len()..] {
            writes.push(self.fresh(ty.clone(), Role::Activation, now));
        }
        if c.once_in(3) {
            let ty = c.of(types);
            writes.push(self.fresh(ty, Role::Scratch, now));
        }
        let ty =
            |slots: &[Slot], list: &[usize]| list.iter().map(|&s| slots[s].ty.clone()).collect();
        let kernel = Kernel {
            reads: ty(&self.slots, &reads),
            writes: ty(&self.slots, &writes),
            scalars: (0..c.below(3)).map(|_| parameter(c)).collect(),
            in_place,
        };
        self.kernels.push(kernel);
        self.call(self.kernels.len() - 1, reads, writes, now);
    }

    fn call(&mut self, kernel: usize, reads: Vec<usize>, writes: Vec<usize>, now: usize) {
        for &s in reads.iter().chain(&writes) {
            self.slots[s].last = now;
        }
        self.steps.push(Step::Call {
            kernel,
            reads,
            writes,
        });
    }

    /// A kernel once more on other buffers of as many elements of the same types.
    fn call_again(&mut self, c: &mut Choices, now: usize) -> bool {
        let kernel = c.below(self.kernels.len() as u32) as usize;
        let Kernel {
            reads: wanted,
            writes,
            in_place,
            ..
        } = self.kernels[kernel].clone();
        if in_place {
            return false;
        }
        let mut reads = Vec::new();
        for w in &wanted {
            let fits =
                |s: &usize| self.slots[*s].ty.elem == w.elem && self.slots[*s].ty.len() == w.len();
            let fitting: Vec<usize> = (0..self.slots.len())
                .filter(|s| self.readable(*s))
                .filter(fits)
                .collect();
            if fitting.is_empty() {
                return false;
            }
            reads.push(c.of(&fitting));
        }
        let writes = writes
            .into_iter()
            .map(|ty| self.fresh(ty, Role::Activation, now))
            .collect();
        self.call(kernel, reads, writes, now);
        true
    }

    fn readable(&self, slot: usize) -> bool {
        self.slots[slot].role != Role::Scratch
    }

    /// A buffer whose contents are defined, mostly the latest that is no constant.
    fn written(&self, c: &mut Choices) -> usize {
        let all: Vec<usize> = (0..self.slots.len())
            .rev()
            .filter(|&s| self.readable(s))
            .collect();
        let changing = |s: &&usize| !matches!(self.slots[**s].role, Role::Constant(_));
        match all.iter().find(changing) {
            Some(&latest) if c.below(3) < 2 => latest,
            _ => c.of(&all),
        }
    }

    fn fresh(&mut self, ty: BufferType, role: Role, now: usize) -> usize {
        self.slots.push(Slot {
            ty,
            role,
            first: now,
            last: now,
            offset: 0,
        });
        self.slots.len() - 1
    }

    /// The last call's first buffer, and others that hold what a tensor may.
    fn choose_outputs(&mut self, c: &mut Choices) {
        let end = self.steps.len();
        let Some(Step::Call { writes, .. }) = self.steps.last() else {
            return;
        };
        let result = writes[0];
        for s in 0..self.slots.len() {
            let tensor = matches!(self.slots[s].ty.elem, Scalar::I8 | Scalar::F32);
            let may = tensor && self.slots[s].role == Role::Activation;
            if may && (s == result || c.once_in(4)) {
                (self.slots[s].role, self.slots[s].last) = (Role::Output, end);
            }
        }
    }

    /// Gives every buffer the lowest place that no buffer of overlapping life has.
    fn place(&mut self) {
        for i in 0..self.slots.len() {
            if !self.in_arena(i) {
                continue;
            }
            let size = |s: &Slot| s.ty.len() * s.ty.elem.bytes();
            let align = self.slots[i].ty.elem.bytes().max(4);
            let mut taken: Vec<(i64, i64)> = (0..i)
                .filter(|&j| self.in_arena(j))
                .map(|j| &self.slots[j])
                .filter(|s| s.first <= self.slots[i].last && self.slots[i].first <= s.last)
                .map(|s| (s.offset, s.offset + size(s)))
                .collect();
            taken.sort_unstable();
            let mut at = 0;
            for (from, to) in taken {
                if at + size(&self.slots[i]) > from {
                    at = at.max((to + align - 1) / align * align);
                }
            }
            self.slots[i].offset = at;
        }
    }

    fn in_arena(&self, slot: usize) -> bool {
        match self.slots[slot].role {
            Role::Constant(_) => false,
            Role::Input | Role::Output => self.io_in_arena,
            Role::Activation | Role::Scratch => true,
        }
    }

    pub fn arena_size(&self) -> i64 {
        let placed = (0..self.slots.len())
            .filter(|&s| self.in_arena(s))
            .map(|s| &self.slots[s]);
        placed
            .map(|s| s.offset + s.ty.len() * s.ty.elem.bytes())
            .max()
            .unwrap_or(0)
    }

    /// Whether every call passes buffers that overlap no other argument of it.
    pub fn disjoint(&self, kernel: usize) -> bool {
        self.steps.iter().all(|s| match s {
            Step::Call {
                kernel: k,
                reads,
                writes,
            } if *k == kernel => {
                let all: Vec<usize> = reads.iter().chain(writes).copied().collect();
                (1..all.len()).all(|i| !all[..i].contains(&all[i]))
            }
            _ => true,
        })
    }
}

/// A few types for all buffers, so that kernels fit each other's buffers; the first two are those of tensors.
fn buffer_types(c: &mut Choices, features: Features) -> Vec<BufferType> {
    let elements = Body::element_types(features);
    let mut types = Vec::new();
    for i in 0..4 {
        let elem = match i {
            0 => Scalar::I8,
            1 if features.floats => c.of(&[Scalar::I8, Scalar::F32]),
            1 => Scalar::I8,
            _ => c.of(&elements),
        };
        let mut room = 128;
        let mut shape = Vec::new();
        for _ in 0..c.of(&[1, 1, 2, 2, 3]) {
            let d = c.of(&[4, 1, 2, 3, 5, 8, 12, 16]).min(room);
            shape.push(d);
            room /= d;
        }
        let flat = types
            .iter()
            .find(|t: &&BufferType| t.elem == elem)
            .map(BufferType::len);
        if let Some(n) = flat.filter(|_| c.once_in(3)) {
            // Another shape of the same elements, so that buffers are passed reshaped.
            shape = crate::nn::select::factors(c, n, 3);
        }
        types.push(BufferType { shape, elem });
    }
    types
}

fn parameter(c: &mut Choices) -> Parameter {
    match c.below(4) {
        0 => Parameter::Int {
            width: 32,
            range: Range::full(32),
        },
        1 => {
            let low = c.between(0, 300) - 150;
            Parameter::Int {
                width: 32,
                range: Range::new(low, low + c.between(0, 1000)),
            }
        }
        2 => Parameter::Index {
            most: c.between(0, 15),
        },
        _ => Parameter::Int {
            width: 64,
            range: Range::full(64),
        },
    }
}
