//! Modules of the ops that stand for single instructions, each on many operands, and of `arm.block`s of them.

use crate::choices::{Choices, Random};
use ir::dialects::{arm, func};
use ir::{Builder, DialectRegistry, Loc, Module, OpState, Type, ValueId};
use std::sync::Arc;

/// Operands that lie at the ends of what halves and words hold.
const EXTREMES: &[i32] = &[
    i32::MIN,
    i32::MAX,
    0,
    1,
    -1,
    -0x7fff_8000,
    0x7fff_7fff,
    0x7fff_8000,
    -0x8000,
    0x7fff,
    0x7f80_807f,
];
/// Random operands of each op.
const RANDOM: usize = 1000;
/// Values of an attribute that are tried.
const IMMEDIATES: i64 = 5;

/// A module with one kernel a case: an op with a value of its attribute, or an `arm.block`.
pub struct Instructions {
    /// Placed; `@main` takes words, three operands one after the other, and gives two words of each case and operand.
    pub module: Module,
    /// What each case is.
    pub cases: Vec<String>,
    /// Operands of each case.
    pub count: usize,
    /// The input of `@main`.
    pub input: Vec<u8>,
}

/// Three lists of operands: all triples of some extremes, and random words.
fn operands() -> [Vec<i32>; 3] {
    let mut lists: [Vec<i32>; 3] = Default::default();
    for (i, &a) in EXTREMES.iter().enumerate() {
        for (j, &b) in EXTREMES.iter().enumerate() {
            for (list, x) in
                lists
                    .iter_mut()
                    .zip([a, b, EXTREMES[(i * 5 + j * 3) % EXTREMES.len()]])
            {
                list.push(x);
            }
        }
    }
    let mut random = Random::new(11);
    for _ in 0..RANDOM {
        for list in &mut lists {
            let word = random.next_u64();
            // Also words of small halves, which saturation leaves as they are.
            list.push(match word >> 62 {
                0 => (word as u32 & 0x00ff_00ff) as i32,
                _ => word as i32,
            });
        }
    }
    lists
}

/// Every op of the DSP extension, and `blocks` random blocks.
pub fn dsp(registry: &Arc<DialectRegistry>, blocks: usize) -> Instructions {
    let mut m = Module::new(registry.clone());
    let lists = operands();
    let count = lists[0].len();
    let input = lists.iter().flatten().flat_map(|x| x.to_le_bytes());
    let input: Vec<u8> = input.collect();
    let mut cases = Vec::new();
    for (name, widths, result, immediate) in arm::DSP {
        let values: Vec<Option<i64>> = match immediate {
            None => vec![None],
            Some(i) => {
                let steps = (i.greatest - i.least) / i.step;
                let tried =
                    (0..IMMEDIATES).map(|n| i.least + n * steps / (IMMEDIATES - 1) * i.step);
                let mut tried: Vec<i64> = tried.collect();
                tried.dedup();
                tried.into_iter().map(Some).collect()
            }
        };
        for by in values {
            let wide = *result == 64;
            kernel(&mut m, cases.len(), count, |b, x| {
                let mut operands = x[..widths.len()].to_vec();
                let i64t = b.m.int(64);
                if wide {
                    let (high, low) = (b.extsi(x[2], i64t), b.cast("arith.extui", x[1], i64t));
                    let places = b.const_i64(32);
                    let high = b.shli(high, places);
                    operands[2] = b.ori(high, low);
                }
                let ty = b.m.int(*result);
                let mut state = OpState::new(*name).operands(&operands).results(&[ty]);
                if let (Some(i), Some(by)) = (immediate, by) {
                    state = state.prop(i.name, b.m.i64_attr(by));
                }
                let op = b.insert(state);
                let y = b.m.result(op, 0);
                if !wide {
                    return [y, x[0]];
                }
                let (i32t, places) = (b.m.i32(), b.const_i64(32));
                let high = b.shrsi(y, places);
                [b.trunci(y, i32t), b.trunci(high, i32t)]
            });
            cases.push(match by {
                None => (*name).to_owned(),
                Some(by) => format!("{name} {by}"),
            });
        }
    }
    for i in 0..blocks {
        let mut c = Choices::for_case(17, i);
        kernel(&mut m, cases.len(), count, |b, x| block(b, &mut c, x));
        cases.push(format!("arm.block {i}"));
    }
    kernel_of(&mut m, cases.len(), count, |b, from, _, i, _| {
        largest_block(b, from, i)
    });
    cases.push("arm.block of as many registers as there are".to_owned());
    kernel_of(&mut m, cases.len(), count, |b, _, to, _, x| {
        stored_word(b, to, 2 * count as i64 - 1, x)
    });
    cases.push("arm.block of one address whose word changes".to_owned());
    main(&mut m, cases.len(), count);
    Instructions {
        module: m,
        cases,
        count,
        input,
    }
}

/// A kernel that computes two words of three, for each operand.
fn kernel(
    m: &mut Module,
    number: usize,
    count: usize,
    body: impl FnOnce(&mut Builder<'_>, &[ValueId]) -> [ValueId; 2],
) {
    kernel_of(m, number, count, |b, _, _, _, x| body(b, x));
}

/// As [`kernel`]; `body` also gets the input, the output, and the number of the operand.
fn kernel_of(
    m: &mut Module,
    number: usize,
    count: usize,
    body: impl FnOnce(&mut Builder<'_>, ValueId, ValueId, ValueId, &[ValueId]) -> [ValueId; 2],
) {
    let n = count as i64;
    let i32t = m.i32();
    let (from, to) = (m.memref(&[3 * n], i32t), m.memref(&[2 * n], i32t));
    let loc = m.layer_loc(&format!("case_{number}"), "instructions", number as u32, 0);
    let (f, entry) = func::build_func(m, &format!("case_{number}"), &[from, to], &[], loc);
    let private = m.str_attr("private");
    m.set_prop(f, "sym_visibility", private);
    let args = m.block_args(entry).to_vec();
    let mut b = Builder::at_end(m, entry);
    b.set_loc(loc);
    b.for_range(0, n, 1, &[], |b, i, _| {
        let x: Vec<ValueId> = (0..3)
            .map(|list| {
                let shift = b.const_index(list * n);
                let at = b.addi(i, shift);
                b.load(args[0], &[at])
            })
            .collect();
        for (k, y) in body(b, args[0], args[1], i, &x).into_iter().enumerate() {
            let shift = b.const_index(k as i64 * n);
            let at = b.addi(i, shift);
            b.store(y, args[1], &[at]);
        }
        Vec::new()
    });
    b.op("func.return", &[], &[]);
}

/// An `arm.block` whose two results go on from sums outside, and that reads its operands again.
fn block(b: &mut Builder<'_>, c: &mut Choices, x: &[ValueId]) -> [ValueId; 2] {
    let words: Vec<&str> = arm::DSP
        .iter()
        .filter(|row| row.2 == 32 && row.1.iter().all(|&w| w == 32))
        .map(|row| row.0)
        .collect();
    let zero = b.const_i32(c.between(-300, 300));
    let length = c.between(2, 14);
    let results = b.arm_block(2, |b| {
        let mut known = x.to_vec();
        let mut sums = [x[2], zero];
        for _ in 0..length {
            if c.once_in(2) {
                let which = c.below(2) as usize;
                let (p, q) = (c.of(&known), c.of(&known));
                let name = c.of(&["smlad", "smlatt", "smlabb", "smladx"]);
                sums[which] = b.dsp(name, &[p, q, sums[which]]);
                continue;
            }
            let name = c.of(&words).trim_start_matches("arm.");
            let row = arm::dsp(&format!("arm.{name}"));
            let (operands, immediate) = row.map_or((1, None), |row| (row.1.len(), row.3));
            let chosen: Vec<ValueId> = (0..operands).map(|_| c.of(&known)).collect();
            let y = match immediate {
                None => b.dsp(name, &chosen),
                Some(i) => {
                    let by = i.least + c.between(0, (i.greatest - i.least) / i.step) * i.step;
                    b.dsp_by(name, &chosen, by)
                }
            };
            // Few are kept, so that registers suffice.
            if known.len() < 6 {
                known.push(y);
            } else {
                let at = 3 + c.below(3) as usize;
                known[at] = y;
            }
        }
        match c.below(4) {
            0 => vec![sums[0], c.of(&known)],
            1 => vec![sums[1], sums[1]],
            _ => sums.to_vec(),
        }
    });
    [results[0], results[1]]
}

/// Eight sums in a loop, four temporaries and two addresses: a block of fourteen registers.
fn largest_block(b: &mut Builder<'_>, from: ValueId, i: ValueId) -> [ValueId; 2] {
    let start: Vec<ValueId> = (0..8).map(|s| b.const_i32(s)).collect();
    let sums = b.for_range(0, 3, 1, &start, |b, j, sums| {
        let two = b.const_index(2);
        let first = b.addi(i, j);
        let second = b.muli(i, two);
        b.arm_block(8, |b| {
            let load = |b: &mut Builder<'_>, base: ValueId, k: i64| {
                let k = b.const_index(k);
                let at = b.addi(base, k);
                b.load(from, &[at])
            };
            let mut sums = sums.to_vec();
            let w = [load(b, second, 0), load(b, second, 3)];
            for pair in 0..2 {
                let x = [load(b, first, 2 * pair), load(b, first, 2 * pair + 1)];
                for (k, &x) in x.iter().enumerate() {
                    for (c, &w) in w.iter().enumerate() {
                        let at = 4 * pair as usize + 2 * k + c;
                        sums[at] = b.dsp("smlad", &[x, w, sums[at]]);
                    }
                }
            }
            let w = w.map(|w| b.dsp_by("sxtb16", &[w], 0));
            for pair in 0..2 {
                let x = [load(b, first, 4 + 2 * pair), load(b, first, 5 + 2 * pair)];
                for (k, &x) in x.iter().enumerate() {
                    for (c, &w) in w.iter().enumerate() {
                        let at = 4 * pair as usize + 2 * k + c;
                        sums[at] = b.dsp("smlad", &[x, w, sums[at]]);
                    }
                }
            }
            sums
        })
    });
    let of = |b: &mut Builder<'_>, sums: &[ValueId]| {
        let three = b.const_i32(3);
        let mut all = sums[0];
        for &s in &sums[1..] {
            let scaled = b.muli(all, three);
            all = b.addi(scaled, s);
        }
        all
    };
    [of(b, &sums[..4]), of(b, &sums[4..])]
}

/// A block whose only operands are addresses that stay, where each operand is stored before: `last`, the word of the output that is written last.
fn stored_word(b: &mut Builder<'_>, to: ValueId, last: i64, x: &[ValueId]) -> [ValueId; 2] {
    let at = b.const_index(last);
    b.store(x[0], to, &[at]);
    let results = b.arm_block(1, |b| {
        let word = b.load(to, &[at]);
        vec![b.dsp("smuad", &[word, word])]
    });
    [results[0], x[1]]
}

/// A placed `@main` that calls every kernel, its tensors in the caller's memory.
fn main(m: &mut Module, kernels: usize, count: usize) {
    let n = count as i64;
    let i32t = m.i32();
    let input = m.memref(&[3 * n], i32t);
    let output = m.memref(&[2 * n], i32t);
    let mut types: Vec<Type> = vec![input];
    types.extend(vec![output; kernels]);
    let (f, entry) = func::build_func(m, "main", &types, &[], Loc::UNKNOWN);
    let one = m.i64_attr(1);
    m.set_discardable(f, "mcu.inputs", one);
    for (i, &ty) in types.iter().enumerate() {
        let name = m.str_attr(&format!("tensor_{i}"));
        func::set_arg_attr(m, f, i, "mcu.name", name);
        let shape = m.type_data(ty).shape().map(<[i64]>::to_vec);
        let tensor = m.tensor(&shape.unwrap_or_default(), i32t);
        let tensor = m.type_attr(tensor);
        func::set_arg_attr(m, f, i, "mcu.type", tensor);
    }
    let args = m.block_args(entry).to_vec();
    let mut b = Builder::at_end(m, entry);
    for i in 0..kernels {
        b.call(&format!("case_{i}"), &[args[0], args[1 + i]], &[]);
    }
    b.op("func.return", &[], &[]);
}
