//! Random programs of nested loops, conditions and accesses: register code and the tree walker agree.

use super::tree_walker::Walker;
use super::{call, function, int};
use interp::loops::{Argument, LoopError};
use ir::interfaces::Datum;
use ir::{Builder, Module, ValueId};
use proptest::prelude::*;
use std::collections::HashMap;

/// Draws from a list of numbers, then zeros: proptest shrinks the list.
struct Source<'a>(&'a [u8], usize);

impl Source<'_> {
    fn below(&mut self, n: usize) -> usize {
        let x = self.0.get(self.1).copied().unwrap_or(0);
        self.1 += 1;
        usize::from(x) % n
    }
    fn more(&self) -> bool {
        self.1 < self.0.len()
    }
}

/// The values in scope.
#[derive(Clone, Default)]
struct Scope {
    i32s: Vec<ValueId>,
    i8s: Vec<ValueId>,
    indices: Vec<ValueId>,
    bools: Vec<ValueId>,
    buffers: Vec<ValueId>,
}

fn pick(s: &mut Source<'_>, from: &[ValueId]) -> ValueId {
    // The latest values are likelier: longer chains.
    let n = from.len();
    let back = s.below(n.min(4) + 1);
    if back < n.min(4) {
        from[n - 1 - back]
    } else {
        from[s.below(n)]
    }
}

fn statements(b: &mut Builder<'_>, s: &mut Source<'_>, scope: &mut Scope, depth: usize) {
    let count = 1 + s.below(6);
    for _ in 0..count {
        statement(b, s, scope, depth);
    }
}

fn statement(b: &mut Builder<'_>, s: &mut Source<'_>, scope: &mut Scope, depth: usize) {
    let (i8, i32, index) = (b.m.i8(), b.m.i32(), b.m.index());
    let kinds = if depth < 3 && s.more() { 13 } else { 10 };
    match s.below(kinds) {
        0 => {
            let (x, y) = (pick(s, &scope.i32s), pick(s, &scope.i32s));
            scope.i32s.push(b.addi(x, y));
        }
        1 => {
            let (x, y) = (pick(s, &scope.i32s), pick(s, &scope.i32s));
            scope.i32s.push(match s.below(3) {
                0 => b.muli(x, y),
                1 => b.subi(x, y),
                _ => b.maxsi(x, y),
            });
        }
        2 => {
            let x = pick(s, &scope.i32s);
            scope.i8s.push(b.trunci(x, i8));
        }
        3 => {
            let x = pick(s, &scope.i8s);
            scope.i32s.push(b.extsi(x, i32));
        }
        4 => {
            let (x, y) = (pick(s, &scope.i8s), pick(s, &scope.i8s));
            scope.i8s.push(b.addi(x, y));
        }
        5 => {
            let x = pick(s, &scope.indices);
            scope.i32s.push(b.cast("arith.index_cast", x, i32));
        }
        6 => {
            let (x, y) = (pick(s, &scope.i32s), pick(s, &scope.i32s));
            scope.bools.push(b.cmpi("slt", x, y));
        }
        7 => {
            let c = pick(s, &scope.bools);
            let (x, y) = (pick(s, &scope.i32s), pick(s, &scope.i32s));
            scope.i32s.push(b.select(c, x, y));
        }
        8 => {
            let buffer = pick(s, &scope.buffers);
            let (i, j) = (subscript(b, s, scope), subscript(b, s, scope));
            scope.i32s.push(b.load(buffer, &[i, j]));
        }
        9 => {
            let buffer = pick(s, &scope.buffers);
            let (i, j) = (subscript(b, s, scope), subscript(b, s, scope));
            let x = pick(s, &scope.i32s);
            b.store(x, buffer, &[i, j]);
        }
        10 | 11 => {
            let (lower, upper, step) = if s.below(2) == 0 {
                let upper = b.const_index(s.below(4) as i64);
                (
                    b.const_index(0),
                    upper,
                    b.const_index(1 + s.below(2) as i64),
                )
            } else {
                (pick(s, &scope.indices), b.const_index(3), b.const_index(1))
            };
            let narrow = s.below(3);
            let count = s.below(4);
            let mut inits: Vec<ValueId> = (0..narrow).map(|_| pick(s, &scope.i8s)).collect();
            inits.extend((0..count).map(|_| pick(s, &scope.i32s)));
            let outer = scope.clone();
            let results = b.for_loop(lower, upper, step, &inits, |b, iv, carried| {
                let mut inner = outer.clone();
                inner.indices.push(iv);
                inner.i8s.extend(&carried[..narrow]);
                inner.i32s.extend(&carried[narrow..]);
                statements(b, s, &mut inner, depth + 1);
                let mut next: Vec<ValueId> = (0..narrow).map(|_| pick(s, &inner.i8s)).collect();
                next.extend((0..count).map(|_| pick(s, &inner.i32s)));
                next
            });
            scope.i8s.extend(&results[..narrow]);
            scope.i32s.extend(&results[narrow..]);
        }
        _ => {
            let c = pick(s, &scope.bools);
            let count = s.below(3);
            let outer = scope.clone();
            let mut first = Source(s.0, s.1);
            let mut end = s.1;
            let mut second = 0;
            let results = b.if_else(
                c,
                &vec![i32; count],
                |b| {
                    let mut inner = outer.clone();
                    statements(b, &mut first, &mut inner, depth + 1);
                    let values = (0..count).map(|_| pick(&mut first, &inner.i32s)).collect();
                    second = first.1;
                    values
                },
                |b| {
                    let mut inner = outer.clone();
                    let mut source = Source(s.0, s.1 + 7);
                    statements(b, &mut source, &mut inner, depth + 1);
                    end = source.1;
                    (0..count).map(|_| pick(&mut source, &inner.i32s)).collect()
                },
            );
            s.1 = end.max(second);
            scope.i32s.extend(results);
        }
    }
    let _ = index;
}

/// An index, perhaps plus a constant; often inside of the buffer.
fn subscript(b: &mut Builder<'_>, s: &mut Source<'_>, scope: &Scope) -> ValueId {
    match s.below(4) {
        0 => b.const_index(s.below(4) as i64),
        1 => {
            let (x, one) = (pick(s, &scope.indices), b.const_index(s.below(2) as i64));
            b.addi(x, one)
        }
        _ => pick(s, &scope.indices),
    }
}

/// Buffers are 5 × 4; the outermost extent is large enough for any index that the loops count to.
const SHAPE: [i64; 2] = [5, 4];
const LEN: usize = 20;

fn program(numbers: &[u8]) -> Module {
    let mut source = Source(numbers, 0);
    function(
        |m| {
            let (i8, i32, index) = (m.i8(), m.i32(), m.index());
            let memref = m.memref(&SHAPE, i32);
            (
                vec![memref, memref, i32, i32, i8, index],
                vec![i32, i32, i8],
            )
        },
        |b, v| {
            let mut scope = Scope {
                buffers: v[..2].to_vec(),
                i32s: v[2..4].to_vec(),
                i8s: vec![v[4]],
                indices: vec![v[5]],
                bools: vec![],
            };
            let first = b.cmpi("sle", v[2], v[3]);
            scope.bools.push(first);
            while source.more() {
                statement(b, &mut source, &mut scope, 0);
            }
            let s = &mut source;
            vec![
                pick(s, &scope.i32s),
                pick(s, &scope.i32s),
                pick(s, &scope.i8s),
            ]
        },
    )
}

/// What a run leaves: results and buffers, or nothing after a fault.
type Outcome = Option<(Vec<Datum>, Vec<Vec<i32>>)>;

fn walked(m: &Module, scalars: [i64; 4], buffers: &[Vec<i32>; 2]) -> Outcome {
    let f = m.lookup_symbol("f").unwrap();
    let block = m.entry_block(f).unwrap();
    let args = m.block_args(block);
    let mut walker = Walker {
        m,
        values: args[2..]
            .iter()
            .copied()
            .zip(scalars.map(Datum::Int))
            .collect(),
        buffers: HashMap::from([(args[0], buffers[0].clone()), (args[1], buffers[1].clone())]),
    };
    let results = walker.block(block)?;
    let after = args[..2]
        .iter()
        .map(|a| walker.buffers[a].clone())
        .collect();
    Some((results, after))
}

fn executed(m: &Module, scalars: [i64; 4], buffers: &[Vec<i32>; 2]) -> Outcome {
    let mut args: Vec<Argument> = buffers
        .iter()
        .map(|b| Argument::Buffer(b.iter().flat_map(|x| x.to_le_bytes()).collect()))
        .chain(scalars.map(int))
        .collect();
    let results = match call(m, &mut args) {
        Ok(results) => results,
        Err(LoopError::Fault { .. }) => return None,
        Err(e) => panic!("{e}"),
    };
    let words = |b: &Argument| match b {
        Argument::Buffer(bytes) => {
            let word = |c: &[u8]| i32::from_le_bytes(c.try_into().unwrap());
            bytes.chunks_exact(4).map(word).collect()
        }
        Argument::Value(_) => unreachable!(),
    };
    Some((results, args[..2].iter().map(words).collect()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1200))]

    #[test]
    fn register_code_and_tree_walker_agree(
        numbers in proptest::collection::vec(any::<u8>(), 10..200),
        x: i32, y: i32, z: i8, i in 0i64..3,
    ) {
        let m = program(&numbers);
        let scalars = [x.into(), y.into(), z.into(), i];
        let buffers = [
            (0..LEN as i32).map(|i| i * 7 - 30).collect::<Vec<_>>(),
            (0..LEN as i32).map(|i| i.wrapping_mul(2_654_435)).collect(),
        ];
        prop_assert_eq!(executed(&m, scalars, &buffers), walked(&m, scalars, &buffers));
    }
}

/// The generator is worth something: most programs run to their end, and they loop.
#[test]
fn most_random_programs_run() {
    let mut ran = 0;
    let mut loops = 0;
    for seed in 0..200u32 {
        let byte = |i: u32| ((i + 1000 * seed).wrapping_mul(2_654_435_761) >> 23) as u8;
        let numbers: Vec<u8> = (0..150).map(byte).collect();
        let m = program(&numbers);
        let buffers = [vec![1; LEN], vec![2; LEN]];
        ran += u32::from(executed(&m, [3, 4, 5, 1], &buffers).is_some());
        let f = m.lookup_symbol("f").unwrap();
        let ops = m.walk(f, ir::WalkOrder::Pre);
        loops += ops.iter().filter(|&&op| m.op_name(op) == "scf.for").count();
    }
    assert!(ran > 100, "{ran} of 200 ran");
    assert!(loops > 400, "{loops} loops");
}
