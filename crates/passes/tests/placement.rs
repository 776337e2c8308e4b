//! Planning, `mark-noalias` and `check-placement` on random lowered modules, against a byte-for-byte simulation.
#![allow(clippy::unwrap_used, reason = "tests")]

use ir::dialects::func;
use ir::{Builder, Loc, Module, OpId, ValueId};
use pass::{ManagerOptions, PassCx, Pipeline, Registry};
use passes::memory_map::{MemoryMap, Role, root};
use proptest::prelude::*;
use target::Targets;

fn registry() -> Registry {
    let mut r = Registry::builder(Targets::builtin());
    ir::dialects::register_all(&mut r.dialects).unwrap();
    passes::register(&mut r).unwrap();
    r.freeze()
}

/// One kernel call: which earlier buffers it reads, and how many bytes it writes into a new one.
type Step = (Vec<usize>, i64);

/// Bytes of buffer `i`: the input, then the steps' results.
fn bytes(steps: &[Step], i: usize) -> i64 {
    if i == 0 { 24 } else { steps[i - 1].1 }
}

/// A lowered module: an input, then one call a step, the last into the output. Every kernel copies the first byte of each operand.
fn lowered(registry: &Registry, steps: &[Step]) -> Module {
    let mut m = Module::new(registry.dialects().clone());
    let i8 = m.i8();
    let input = m.memref(&[24], i8);
    let output = m.memref(&[steps.last().unwrap().1], i8);
    for (i, (reads, size)) in steps.iter().enumerate() {
        let sizes: Vec<i64> = reads.iter().map(|&r| bytes(steps, r % (i + 1))).collect();
        let mut types: Vec<ir::Type> = sizes.iter().map(|&s| m.memref(&[s], i8)).collect();
        types.push(m.memref(&[*size], i8));
        let (f, block) = func::build_func(&mut m, &format!("k{i}"), &types, &[], Loc::UNKNOWN);
        let args = m.block_args(block).to_vec();
        let mut b = Builder::at_end(&mut m, block);
        let zero = b.const_index(0);
        let out = *args.last().unwrap();
        let first = b.const_int(1, i8);
        b.store(first, out, &[zero]);
        for &a in &args[..args.len() - 1] {
            let x = b.load(a, &[zero]);
            b.store(x, out, &[zero]);
        }
        b.op("func.return", &[], &[]);
        let private = m.str_attr("private");
        m.set_prop(f, "sym_visibility", private);
    }
    let (main, block) = func::build_func(&mut m, "main", &[input, output], &[], Loc::UNKNOWN);
    let one = m.i64_attr(1);
    m.set_discardable(main, "mcu.inputs", one);
    let args = m.block_args(block).to_vec();
    let mut b = Builder::at_end(&mut m, block);
    let mut buffers = vec![args[0]];
    for (i, (reads, size)) in steps.iter().enumerate() {
        let ty = b.m.memref(&[*size], i8);
        let out = if i + 1 == steps.len() {
            args[1]
        } else {
            b.alloc(ty, "activation")
        };
        let mut operands: Vec<ValueId> = reads.iter().map(|&r| buffers[r % (i + 1)]).collect();
        operands.push(out);
        b.call(&format!("k{i}"), &operands, &[]);
        buffers.push(out);
    }
    b.op("func.return", &[], &[]);
    m
}

fn run(registry: &Registry, m: &mut Module, pipeline: &str) -> Result<(), String> {
    let target = registry.targets().get("host").unwrap();
    let mut cx = PassCx::new(registry, target);
    let options = ManagerOptions {
        verify_each: true,
        ..ManagerOptions::default()
    };
    let pipeline = Pipeline::parse(pipeline).unwrap();
    pass::run_pipeline(&pipeline, m, &mut cx, options, &mut ())
        .map_err(|_| cx.diagnostics.to_string())
}

/// Tags each byte of the arena with the buffer that wrote it last; says whether every read finds its own buffer's bytes whole, no call
/// writes over an operand, and the outputs are whole at the end.
fn simulate(m: &Module) -> bool {
    let map = MemoryMap::of(m).unwrap();
    let mut memory: Vec<Option<ValueId>> = vec![None; 4096];
    let span = |v: ValueId| {
        let b = map.buffers.iter().find(|b| b.value == root(m, v)).unwrap();
        (
            b.value,
            b.offset.unwrap() as usize..(b.offset.unwrap() + b.size) as usize,
        )
    };
    let mut good = map
        .buffers
        .iter()
        .all(|b| b.offset.unwrap() + b.size <= map.arena_size);
    for b in map.buffers.iter().filter(|b| b.role == Role::Input) {
        let (v, r) = span(b.value);
        memory[r].fill(Some(v));
    }
    for &call in &map.events {
        let operands: Vec<ValueId> = m.operands(call).collect();
        let (out, reads) = operands.split_last().unwrap();
        let (out, place) = span(*out);
        for &r in reads {
            let (v, bytes) = span(r);
            good &= memory[bytes.clone()].iter().all(|o| *o == Some(v));
            good &= bytes.end <= place.start || place.end <= bytes.start;
        }
        memory[place].fill(Some(out));
    }
    for b in map.buffers.iter().filter(|b| b.role == Role::Output) {
        let (v, r) = span(b.value);
        good &= memory[r].iter().all(|o| *o == Some(v));
    }
    good
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (proptest::collection::vec(0usize..100, 1..3), 1i64..40);
    proptest::collection::vec(step, 1..8)
}

/// Moves one view or argument to another offset.
fn mutate(m: &mut Module, which: usize, offset: i64) {
    let map = MemoryMap::of(m).unwrap();
    let b = &map.buffers[which % map.buffers.len()];
    let offset = offset.min(map.arena_size as i64 - b.size as i64).max(0);
    match m.defining_op(b.value) {
        Some(view) => {
            let ty = m.index();
            let value = m.int_attr(offset, ty);
            let constant = m.defining_op(m.operand(view, 1)).unwrap();
            m.set_prop(constant, "value", value);
        }
        None => {
            let main: OpId = m.lookup_symbol("main").unwrap();
            let i = m
                .block_args(m.entry_block(main).unwrap())
                .iter()
                .position(|&a| a == b.value)
                .unwrap();
            let value = m.i64_attr(offset);
            func::set_arg_attr(m, main, i, "mcu.offset", value);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn plans_hold_and_the_checker_agrees_with_the_simulation(
        steps in steps(),
        moves in proptest::collection::vec((0usize..100, 0i64..200), 0..3),
    ) {
        let registry = registry();
        let mut m = lowered(&registry, &steps);
        run(&registry, &mut m, "builtin.module(plan-memory,check-placement)").unwrap();
        prop_assert!(simulate(&m));
        for (which, offset) in moves {
            mutate(&mut m, which, offset);
            let checked = run(&registry, &mut m.clone(), "builtin.module(check-placement)");
            prop_assert_eq!(checked.is_ok(), simulate(&m), "{:?}", checked);
        }
    }

    #[test]
    fn noalias_means_disjoint(steps in steps(), moves in proptest::collection::vec((0usize..100, 0i64..200), 0..3)) {
        let registry = registry();
        let mut m = lowered(&registry, &steps);
        run(&registry, &mut m, "builtin.module(plan-memory)").unwrap();
        for (which, offset) in moves {
            mutate(&mut m, which, offset);
        }
        run(&registry, &mut m, "builtin.module(mark-noalias)").unwrap();
        let map = MemoryMap::of(&m).unwrap();
        for &call in &map.events {
            let callee = func::CallOp(call).callee(&m);
            let f = m.lookup_symbol(&callee).unwrap();
            let places: Vec<_> =
                m.operands(call).map(|v| map.buffers.iter().find(|b| b.value == root(&m, v)).unwrap()).collect();
            for (i, a) in places.iter().enumerate() {
                let apart = places.iter().enumerate().all(|(j, b)| {
                    let (x, y) = (a.offset.unwrap(), b.offset.unwrap());
                    i == j || (0..a.size).all(|k| !(y..y + b.size).contains(&(x + k)))
                });
                prop_assert_eq!(func::arg_attr(&m, f, i, "llvm.noalias").is_some(), apart);
            }
        }
    }
}
