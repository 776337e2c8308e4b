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

/// One kernel call: which earlier values it reads, how many bytes it writes into a new one, and whether that one lies behind the last
/// step's result in one allocation.
type Step = (Vec<usize>, i64, bool);

/// For each step: the allocation that its result is a part of, and from which byte on; the steps of one allocation follow each other.
fn places(steps: &[Step]) -> Vec<(usize, i64)> {
    let mut all: Vec<(usize, i64)> = Vec::new();
    for (i, step) in steps.iter().enumerate() {
        let place = match all.last() {
            // The last step writes the output, which is a buffer of its own.
            Some(&(group, from)) if step.2 && i + 1 < steps.len() => (group, from + steps[i - 1].1),
            last => (last.map_or(0, |l| l.0 + 1), 0),
        };
        all.push(place);
    }
    all
}

/// A private kernel that copies the first byte of each operand but the last into the last.
fn kernel(m: &mut Module, name: &str, types: &[ir::Type]) {
    let (f, block) = func::build_func(m, name, types, &[], Loc::UNKNOWN);
    let args = m.block_args(block).to_vec();
    let mut b = Builder::at_end(m, block);
    let i8 = b.m.i8();
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

/// A lowered module: an input, then one call a step, the last into the output. A result is an allocation or a part of one; once its last
/// part is written, an allocation of several parts is a value as a whole as well.
fn lowered(registry: &Registry, steps: &[Step]) -> Module {
    let mut m = Module::new(registry.dialects().clone());
    let i8 = m.i8();
    let input = m.memref(&[24], i8);
    let output = m.memref(&[steps.last().unwrap().1], i8);
    let (main, block) = func::build_func(&mut m, "main", &[input, output], &[], Loc::UNKNOWN);
    let one = m.i64_attr(1);
    m.set_discardable(main, "mcu.inputs", one);
    let args = m.block_args(block).to_vec();
    let places = places(steps);
    let mut values = vec![args[0]];
    let mut whole = args[0];
    for (i, (reads, size, _)) in steps.iter().enumerate() {
        let (group, from) = places[i];
        let parts: Vec<usize> = (0..steps.len()).filter(|&j| places[j].0 == group).collect();
        let ty = m.memref(&[*size], i8);
        let mut b = Builder::at_end(&mut m, block);
        if from == 0 && i + 1 < steps.len() {
            let bytes = parts.iter().map(|&j| steps[j].1).sum::<i64>();
            let ty = b.m.memref(&[bytes], i8);
            whole = b.alloc(ty, "activation");
        }
        let out = if i + 1 == steps.len() {
            args[1]
        } else if parts.len() == 1 {
            whole
        } else {
            let shift = b.const_index(from);
            let view = b.op("memref.view", &[whole, shift], &[ty]);
            b.m.result(view, 0)
        };
        let mut operands: Vec<ValueId> = reads.iter().map(|&r| values[r % values.len()]).collect();
        operands.push(out);
        b.call(&format!("k{i}"), &operands, &[]);
        let types: Vec<ir::Type> = operands.iter().map(|&v| m.value_type(v)).collect();
        kernel(&mut m, &format!("k{i}"), &types);
        values.push(out);
        if parts.len() > 1 && parts.last() == Some(&i) {
            values.push(whole);
        }
    }
    Builder::at_end(&mut m, block).op("func.return", &[], &[]);
    m
}

/// How far into its buffer a value starts.
fn within(m: &Module, v: ValueId) -> u64 {
    let view = m.defining_op(v).filter(|_| v != root(m, v));
    view.map_or(0, |view| {
        assert_eq!(m.op_name(view), "memref.view");
        let shift = m.defining_op(m.operand(view, 1)).unwrap();
        let shift = m.attr_int(m.prop(shift, "value").unwrap()).unwrap();
        shift as u64 + within(m, m.operand(view, 0))
    })
}

/// The buffer that a value is in, and its own bytes in the arena.
fn span(m: &Module, map: &MemoryMap, v: ValueId) -> (ValueId, std::ops::Range<usize>) {
    let b = map.buffers.iter().find(|b| b.value == root(m, v)).unwrap();
    let from = (b.offset.unwrap() + within(m, v)) as usize;
    (
        b.value,
        from..from + m.size_bytes(m.value_type(v)).unwrap() as usize,
    )
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
/// writes over what it reads later, and the outputs are whole at the end.
fn simulate(m: &Module) -> bool {
    let map = MemoryMap::of(m).unwrap();
    let mut memory: Vec<Option<ValueId>> = vec![None; 4096];
    let span = |v: ValueId| span(m, &map, v);
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
            // The kernel writes the first byte of its result before it reads the first byte of each operand, and touches no others.
            let apart = bytes.end <= place.start || place.end <= bytes.start;
            good &= apart || (v != out && bytes.start != place.start);
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
    let reads = proptest::collection::vec(0usize..100, 1..3);
    let step = (reads, 1i64..40, proptest::bool::weighted(0.3));
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
        let mut shared = m.clone();
        run(&registry, &mut shared, "builtin.module(plan-memory{overlap=true},check-placement)").unwrap();
        prop_assert!(simulate(&shared));
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
            let places: Vec<_> = m.operands(call).map(|v| span(&m, &map, v).1).collect();
            for (i, a) in places.iter().enumerate() {
                let apart = places
                    .iter()
                    .enumerate()
                    .all(|(j, b)| i == j || a.clone().all(|k| !b.contains(&k)));
                prop_assert_eq!(func::arg_attr(&m, f, i, "llvm.noalias").is_some(), apart);
            }
        }
    }
}
