//! Modules of the instructions of Helium: each on many operands, loads and stores too, and loops that carry vectors.

use crate::choices::Random;
use ir::dialects::arm_mve::{self, INSTRUCTIONS, Instruction, Shape, TRANSFERS, Transfer};
use ir::dialects::func;
use ir::{Builder, DialectRegistry, Loc, Module, OpState, Type, ValueId};
use std::sync::Arc;

/// Operands of each case: extremes, then random ones.
pub const COUNT: usize = 1120;
/// Cases of a module, so that a small memory holds its results.
const CASES: usize = 24;
/// Bytes of extreme lanes.
const BYTES: [u8; 8] = [0x80, 0x7f, 0x00, 0x01, 0xff, 0x81, 0x40, 0xc0];

/// A module with one kernel a case: an instruction for one width of elements, or a loop of some.
pub struct Helium {
    /// Placed; `@main` takes three buffers.
    pub module: Module,
    /// What each case is; each is an output of `@main`.
    pub cases: Vec<String>,
    /// The inputs of `@main`.
    pub inputs: Vec<Vec<u8>>,
}

/// Where the lists begin in the buffer of words: four vectors' words for each operand, then one word each.
struct Lists;

impl Lists {
    const VECTORS: i64 = 3;
    const WORDS: i64 = 4 * COUNT as i64 * Lists::VECTORS;
    /// One list for each width, of predicates that have equal bits within its lanes.
    const PREDICATES: i64 = Lists::WORDS + COUNT as i64;
    const END: i64 = Lists::PREDICATES + 3 * COUNT as i64;
}

/// The list of a width: 8, 16, 32.
fn list_of(width: u32) -> i64 {
    i64::from(width.trailing_zeros()) - 3
}

/// A vector: random, or of extreme lanes of some width.
fn vector(random: &mut Random) -> [u8; 16] {
    let mut v = [0; 16];
    let kind = random.below(5);
    for half in v.chunks_exact_mut(8) {
        half.copy_from_slice(&random.next_u64().to_le_bytes());
    }
    let bytes = match kind {
        0 => 1,
        1 => 2,
        2 => 4,
        _ => return v,
    };
    for lane in v.chunks_exact_mut(bytes) {
        // The least, the greatest, 0, 1, −1, and the bytes of some others.
        let mut extreme = match random.below(6) {
            0 => 1u64 << (8 * bytes - 1),
            1 => (1u64 << (8 * bytes - 1)) - 1,
            2 => 0,
            3 => 1,
            4 => u64::MAX,
            _ => u64::from(BYTES[random.below(8) as usize]) << (8 * (bytes - 1)),
        };
        for b in lane {
            *b = extreme as u8;
            extreme >>= 8;
        }
    }
    v
}

/// A predicate of lanes of a width, from one bit a lane.
fn spread(bits: u32, width: u32) -> u16 {
    let bytes = width / 8;
    let lane = (1u32 << bytes) - 1;
    let lanes = 128 / width;
    (0..lanes)
        .filter(|i| bits >> i & 1 == 1)
        .map(|i| lane << (i * bytes))
        .sum::<u32>() as u16
}

fn inputs() -> Vec<Vec<u8>> {
    let mut random = Random::new(23);
    let mut words: Vec<u8> = Vec::new();
    for _ in 0..Lists::VECTORS * COUNT as i64 {
        words.extend(vector(&mut random));
    }
    for i in 0..COUNT as i32 {
        let extremes = [i32::MIN, i32::MAX, -1, 0x7f, 0x80, -0x80, 0x7fff, 0x8000];
        let word = match i {
            0..40 => i,
            40..80 => 40 - i,
            80..88 => extremes[i as usize - 80],
            _ => random.next_u64() as i32,
        };
        words.extend(word.to_le_bytes());
    }
    for width in [8, 16, 32] {
        for i in 0..COUNT as u32 {
            // Of 8 bits, the first lanes, one lane, then random ones; of more, every pattern.
            let bits = match (width, i) {
                (8, 0..=16) => (1 << i) - 1,
                (8, 17..33) => 1 << (i - 17),
                (8, _) => random.next_u64() as u32,
                _ => i,
            };
            let predicate = spread(bits, width) as i16;
            words.extend(i32::from(predicate).to_le_bytes());
        }
    }
    let mut narrow = || -> Vec<u8> {
        let vectors = (0..COUNT).map(|_| vector(&mut random));
        vectors.flatten().collect()
    };
    vec![words, narrow(), narrow()]
}

/// What a kernel's body is built with.
struct Body<'b, 'm> {
    b: &'b mut Builder<'m>,
    words: ValueId,
    bytes: ValueId,
    halves: ValueId,
    out: ValueId,
    /// The number of the operand.
    i: ValueId,
}

impl Body<'_, '_> {
    /// `i · factor + constant`
    fn at(&mut self, factor: i64, constant: i64) -> ValueId {
        let factor = self.b.const_index(factor);
        let constant = self.b.const_index(constant);
        let scaled = self.b.muli(self.i, factor);
        self.b.addi(scaled, constant)
    }

    /// Vector `list` of lanes of a width.
    fn vector(&mut self, list: i64, width: u32) -> ValueId {
        let at = self.at(4, 4 * COUNT as i64 * list);
        let v = self.b.vldr(self.words, &[at], 32);
        self.reinterpret(v, width)
    }

    fn reinterpret(&mut self, v: ValueId, width: u32) -> ValueId {
        let ty = arm_mve::vector_type(self.b.m, width);
        match self.b.m.value_type(v) == ty {
            true => v,
            false => self.b.cast("vector.bitcast", v, ty),
        }
    }

    fn word(&mut self) -> ValueId {
        let at = self.at(1, Lists::WORDS);
        self.b.load(self.words, &[at])
    }

    fn predicate(&mut self, width: u32) -> ValueId {
        let at = self.at(1, Lists::PREDICATES + list_of(width) * COUNT as i64);
        let word = self.b.load(self.words, &[at]);
        let i16t = self.b.m.int(16);
        self.b.trunci(word, i16t)
    }

    /// Stores a vector, a word or a predicate as the case's result.
    fn result(&mut self, y: ValueId) {
        if arm_mve::lane_width(self.b.m, self.b.m.value_type(y)).is_some() {
            let y = self.reinterpret(y, 32);
            let at = self.at(4, 0);
            self.b.vstr(y, self.out, &[at]);
        } else {
            let i32t = self.b.m.i32();
            let y = self.b.extsi(y, i32t);
            let at = self.at(1, 0);
            self.b.store(y, self.out, &[at]);
        }
    }
}

type Kernel = Box<dyn Fn(&mut Body<'_, '_>)>;

/// A case: its name, the elements of its output, and its body.
struct Case {
    name: String,
    /// Bits of an element, and elements for each operand.
    output: (u32, i64),
    body: Kernel,
}

fn on_registers(i: &'static Instruction, width: u32, word: bool, shift: Option<i64>) -> Case {
    let mut name = format!("{} on i{width}", i.name);
    if word {
        name += ", a word";
    }
    if let Some(by) = shift {
        name += &format!(" by {by}");
    }
    let output = match i.result {
        Shape::Word | Shape::Predicate => (32, 1),
        _ => (32, 4),
    };
    let body = move |body: &mut Body<'_, '_>| {
        let mut lists = 0..;
        let mut operands = Vec::new();
        for &shape in i.operands {
            let list = lists.next().unwrap_or_default();
            operands.push(match shape {
                Shape::Vector => body.vector(list, width),
                Shape::Narrow => body.vector(list, width / 2),
                Shape::Wide => body.vector(list, width * 2),
                Shape::VectorOrWord if !word => body.vector(list, width),
                Shape::VectorOrWord | Shape::Word => body.word(),
                Shape::Predicate => body.predicate(width),
            });
        }
        let y = match (i.name, shift) {
            ("arm.mve.vdup", _) => body.b.vdup(operands[0], width),
            (name, None) => body.b.mve(name.trim_start_matches("arm.mve."), &operands),
            (name, Some(by)) => body
                .b
                .mve_by(name.trim_start_matches("arm.mve."), &operands, by),
        };
        body.result(y);
    };
    Case {
        name,
        output,
        body: Box::new(body),
    }
}

fn of_buffers(t: &'static Transfer, width: u32) -> Case {
    let lanes = i64::from(128 / width);
    let output = match t.store {
        // A vector of whole elements is there before.
        true => (t.element, i64::from(128 / t.element)),
        false => (32, 4),
    };
    let body = move |body: &mut Body<'_, '_>| {
        let vector = arm_mve::vector_type(body.b.m, width);
        let buffer = match (t.store, t.element) {
            (true, _) => body.out,
            (false, 8) => body.bytes,
            (false, 16) => body.halves,
            (false, _) => body.words,
        };
        let per_operand = if t.store { output.1 } else { 1 };
        let at = body.at(per_operand, 0);
        let mut operands = Vec::new();
        if t.predicated {
            operands.push(body.predicate(width));
        }
        if t.offsets {
            // Within what the buffer has behind the last operand.
            let mask = body.b.const_i32(if width == 8 { -1 } else { 0x0fff });
            let (mask, o) = (body.b.vdup(mask, width), body.vector(0, width));
            operands.push(body.b.mve("vand", &[o, mask]));
        }
        if t.store {
            let before = body.vector(1, t.element);
            body.b.vstr(before, buffer, &[at]);
            operands.push(body.vector(0, width));
        }
        operands.extend([buffer, at]);
        let state = OpState::new(t.name).operands(&operands);
        if t.store {
            body.b.insert(state);
        } else {
            let op = body.b.insert(state.results(&[vector]));
            let y = body.b.m.result(op, 0);
            body.result(y);
        }
    };
    Case {
        name: format!("{}, {lanes} lanes", t.name),
        output,
        body: Box::new(body),
    }
}

fn loops() -> Vec<Case> {
    let case = |name: &str, words: i64, body: Kernel| Case {
        name: name.to_owned(),
        output: (32, words),
        body,
    };
    vec![
        case(
            "a loop that carries vectors",
            4,
            Box::new(|body| {
                let (x, start) = (body.word(), body.vector(0, 16));
                let first = body.vector(1, 16);
                let halves = body.halves;
                let i = body.i;
                let sums = body.b.for_range(0, 5, 1, &[start, first], |b, j, sums| {
                    let at = b.addi(i, j);
                    let v = b.vldr(halves, &[at], 16);
                    let next = b.mve("vmla", &[sums[0], v, x]);
                    let other = b.mve("vqsub", &[sums[0], sums[1]]);
                    vec![next, other]
                });
                let y = body.b.mve("veor", &sums);
                body.result(y);
            }),
        ),
        case(
            "a dot product with a tail",
            1,
            Box::new(|body| {
                let (bytes, i) = (body.bytes, body.i);
                let start = body.word();
                let (sixteen, three) = (body.b.const_index(16), body.b.const_index(3));
                let (lower, upper) = (body.b.const_index(0), body.b.const_index(53));
                let behind = body.b.addi(i, three);
                let sum = body
                    .b
                    .for_loop(lower, upper, sixteen, &[start], |b, j, sum| {
                        let i32t = b.m.i32();
                        let end = b.const_index(53);
                        let left = b.subi(end, j);
                        let left = b.cast("arith.index_cast", left, i32t);
                        let p = b.mve("vctp8", &[left]);
                        let (from, to) = (b.addi(i, j), b.addi(behind, j));
                        let v = b.vldr_z(p, bytes, &[from], 8);
                        let w = b.vldr_z(p, bytes, &[to], 8);
                        vec![b.mve("vmladava_p", &[sum[0], v, w, p])]
                    });
                body.result(sum[0]);
            }),
        ),
        case(
            "vectors of a conditional and a select, constants, lanes",
            4,
            Box::new(|body| {
                let (x, a, b) = (body.word(), body.vector(0, 32), body.vector(1, 32));
                let zero = body.b.const_i32(0);
                let negative = body.b.cmpi("slt", x, zero);
                let ty = body.b.m.value_type(a);
                let lanes = [1, -2, i32::MAX, i32::MIN].map(i32::to_le_bytes).concat();
                let lanes = body.b.m.dense_attr(ty, lanes);
                let ones = body.b.m.dense_attr(ty, [0xff; 16]);
                let constant = |b: &mut Builder<'_>, value| {
                    let state = OpState::new("arith.constant").prop("value", value);
                    let op = b.insert(state.results(&[ty]));
                    b.m.result(op, 0)
                };
                let (lanes, ones) = (constant(body.b, lanes), constant(body.b, ones));
                let chosen = body.b.if_else(
                    negative,
                    &[ty],
                    |inner| vec![inner.mve("vadd", &[a, lanes])],
                    |inner| vec![inner.mve("vmax", &[b, ones])],
                );
                let least = body.b.extract(chosen[0], 3);
                let odd = body.b.cmpi("sgt", least, x);
                let other = body.b.select(odd, a, b);
                let y = body.b.mve("vsub", &[chosen[0], other]);
                let y = body.b.mve("vadd", &[y, least]);
                body.result(y);
            }),
        ),
        case(
            "a requantisation of lanes, and a predicate that is used twice",
            4,
            Box::new(|body| {
                let (a, b, c) = (body.vector(0, 32), body.vector(1, 32), body.vector(2, 32));
                let x = body.word();
                let scaled = body.b.mve("vqrdmulh", &[a, b]);
                let low = body.b.const_i32(-31);
                let by = body.b.vdup(low, 32);
                let by = body.b.mve("vmax", &[c, by]);
                let zero = body.b.const_i32(0);
                let none = body.b.vdup(zero, 32);
                let by = body.b.mve("vmin", &[by, none]);
                let y = body.b.mve("vrshl", &[scaled, by]);
                let p = body.b.mve("vcmpgt", &[y, x]);
                let q = body.b.mve("vpnot", &[p]);
                let y = body.b.mve("vpsel", &[y, b, p]);
                let y = body.b.mve("vpsel", &[y, c, q]);
                body.result(y);
            }),
        ),
    ]
}

fn cases() -> Vec<Case> {
    let mut all = Vec::new();
    for i in INSTRUCTIONS {
        for &width in i.widths {
            let shifts: Vec<Option<i64>> = match i.shift.map(|s| s.bounds(width)) {
                None => vec![None],
                Some((least, greatest)) => [least, 1, greatest / 2, greatest - 1, greatest]
                    .map(Some)
                    .to_vec(),
            };
            for by in shifts {
                all.push(on_registers(i, width, false, by));
                if i.operands.contains(&Shape::VectorOrWord) {
                    all.push(on_registers(i, width, true, by));
                }
            }
        }
    }
    for t in TRANSFERS {
        all.extend(t.widths.iter().map(|&width| of_buffers(t, width)));
    }
    all.extend(loops());
    all
}

/// Every instruction for every width of elements, and loops of some, over several modules.
pub fn all(registry: &Arc<DialectRegistry>) -> Vec<Helium> {
    let inputs = inputs();
    let cases = cases();
    cases
        .chunks(CASES)
        .map(|cases| Helium {
            module: module(registry, cases),
            cases: cases.iter().map(|c| c.name.clone()).collect(),
            inputs: inputs.clone(),
        })
        .collect()
}

fn module(registry: &Arc<DialectRegistry>, cases: &[Case]) -> Module {
    let mut m = Module::new(registry.clone());
    let n = COUNT as i64;
    let (i8t, i16t, i32t) = (m.int(8), m.int(16), m.i32());
    let inputs = [
        m.memref(&[Lists::END], i32t),
        m.memref(&[16 * n], i8t),
        m.memref(&[8 * n], i16t),
    ];
    let mut main_types: Vec<Type> = inputs.to_vec();
    for (number, case) in cases.iter().enumerate() {
        let (bits, elements) = case.output;
        let elem = m.int(bits);
        let out = m.memref(&[n * elements], elem);
        main_types.push(out);
        let types: Vec<Type> = inputs.iter().copied().chain([out]).collect();
        let loc = m.layer_loc(&format!("case_{number}"), "helium", number as u32, 0);
        let (f, entry) = func::build_func(&mut m, &format!("case_{number}"), &types, &[], loc);
        let private = m.str_attr("private");
        m.set_prop(f, "sym_visibility", private);
        let args = m.block_args(entry).to_vec();
        let mut b = Builder::at_end(&mut m, entry);
        b.set_loc(loc);
        // Loads and loops reach beyond their operand's place: less than so many elements.
        let last = match case.name.as_str() {
            name if name.contains("loop") || name.contains("ldr") || name.contains("dot") => {
                n - 100
            }
            _ => n,
        };
        b.for_range(0, last, 1, &[], |b, i, _| {
            let mut body = Body {
                b,
                words: args[0],
                bytes: args[1],
                halves: args[2],
                out: args[3],
                i,
            };
            (case.body)(&mut body);
            Vec::new()
        });
        if last < n {
            let zero = b.const_i32(0);
            b.for_range(last * elements, n * elements, 1, &[], |b, i, _| {
                b.store(zero, args[3], &[i]);
                Vec::new()
            });
        }
        b.op("func.return", &[], &[]);
    }
    main(&mut m, &main_types);
    m
}

/// A placed `@main` that calls every kernel, its tensors in the caller's memory.
fn main(m: &mut Module, types: &[Type]) {
    let (f, entry) = func::build_func(m, "main", types, &[], Loc::UNKNOWN);
    let inputs = m.i64_attr(3);
    m.set_discardable(f, "mcu.inputs", inputs);
    for (i, &ty) in types.iter().enumerate() {
        let name = m.str_attr(&format!("tensor_{i}"));
        func::set_arg_attr(m, f, i, "mcu.name", name);
        let data = m.type_data(ty);
        let shape = data.shape().map(<[i64]>::to_vec).unwrap_or_default();
        let elem = data.elem();
        if let Some(elem) = elem {
            let tensor = m.tensor(&shape, elem);
            let tensor = m.type_attr(tensor);
            func::set_arg_attr(m, f, i, "mcu.type", tensor);
        }
    }
    let args = m.block_args(entry).to_vec();
    let mut b = Builder::at_end(m, entry);
    for (i, &out) in args[3..].iter().enumerate() {
        b.call(&format!("case_{i}"), &[args[0], args[1], args[2], out], &[]);
    }
    b.op("func.return", &[], &[]);
}
