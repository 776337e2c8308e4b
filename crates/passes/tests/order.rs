//! `order-operators` on random graphs: the order is valid, and its peak is never above that of the order given.
#![allow(clippy::unwrap_used, reason = "tests")]

use ir::dialects::func;
use ir::{Builder, Loc, Module, OpId, OpState, QuantType, ValueId};
use pass::{ManagerOptions, PassCx, Pipeline, Registry};
use proptest::prelude::*;
use target::Targets;

/// Each op: which earlier values it adds, and how many rows its result has (1: broadcast from one row).
type Node = (usize, usize);

fn network(registry: &Registry, nodes: &[Node], widths: &[i64]) -> Module {
    let mut m = Module::new(registry.dialects().clone());
    let q = m.quant(QuantType::per_tensor(8, 0.5, 0));
    let ty = m.tensor(&[1, 8], q);
    let none = m.str_attr("none");
    let (f, block) = func::build_func(&mut m, "main", &[ty], &[], Loc::UNKNOWN);
    let mut values = vec![m.block_args(block)[0]];
    let mut b = Builder::at_end(&mut m, block);
    for (i, &(x, y)) in nodes.iter().enumerate() {
        // Rows grow only where both operands broadcast to them.
        let (x, y) = (values[x % (i + 1)], values[y % (i + 1)]);
        let rows = |b: &Builder<'_>, v: ValueId| ir::dialects::nn::shape(b.m, v)[0];
        let (rx, ry) = (rows(&b, x), rows(&b, y));
        let out = if rx == 1 && ry == 1 {
            // A reshape to another width keeps sizes varied.
            let wide = b.m.tensor(&[1, 8], q);
            let op = b.insert(
                OpState::new("nn.add")
                    .operands(&[x, y])
                    .results(&[wide])
                    .prop("activation", none),
            );
            let sum = b.m.result(op, 0);
            let n = widths[i % widths.len()];
            let constant = b.m.i8();
            let storage = b.m.tensor(&[n, 8], constant);
            let zeros = b.m.dense_attr(storage, vec![0u8; (n * 8) as usize]);
            let tall = b.m.tensor(&[n, 8], q);
            let c = b.insert(
                OpState::new("nn.constant")
                    .prop("value", zeros)
                    .results(&[tall]),
            );
            let c = b.m.result(c, 0);
            let op = b.insert(
                OpState::new("nn.add")
                    .operands(&[sum, c])
                    .results(&[tall])
                    .prop("activation", none),
            );
            b.m.result(op, 0)
        } else {
            let taller = if rx >= ry { x } else { y };
            let ty = b.m.value_type(taller);
            let op = b.insert(OpState::new("nn.relu").operands(&[taller]).results(&[ty]));
            b.m.result(op, 0)
        };
        values.push(out);
    }
    let last = *values.last().unwrap();
    b.op("func.return", &[last], &[]);
    let (input, output) = (m.value_type(values[0]), m.value_type(last));
    let ty = m.function(&[input], &[output]);
    let ty = m.type_attr(ty);
    m.set_prop(f, "function_type", ty);
    m
}

/// Peak of live bytes over the ops of `@main`, from the text of its order alone.
fn peak(m: &Module) -> u64 {
    let f = m.lookup_symbol("main").unwrap();
    let block = m.entry_block(f).unwrap();
    let ops: Vec<OpId> = m
        .ops(block)
        .filter(|&o| m.op_name(o) != "nn.constant")
        .collect();
    let values: Vec<ValueId> = m
        .block_args(block)
        .iter()
        .copied()
        .chain(ops.iter().flat_map(|&o| m.results(o).to_vec()))
        .collect();
    (0..ops.len())
        .map(|t| {
            let live = values.iter().filter(|&&v| {
                let born = ops
                    .iter()
                    .position(|&o| m.results(o).contains(&v))
                    .unwrap_or(0);
                let dies = ops
                    .iter()
                    .rposition(|&o| m.operands(o).any(|x| x == v))
                    .unwrap_or(born);
                born <= t && t <= dies
            });
            live.map(|&v| m.size_bytes(m.value_type(v)).unwrap()).sum()
        })
        .max()
        .unwrap_or(0)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn never_above_the_order_given(
        nodes in proptest::collection::vec((0usize..100, 0usize..100), 1..10),
        widths in proptest::collection::vec(1i64..20, 1..5),
    ) {
        let mut r = Registry::builder(Targets::builtin());
        ir::dialects::register_all(&mut r.dialects).unwrap();
        passes::register(&mut r).unwrap();
        let registry = r.freeze();
        let mut m = network(&registry, &nodes, &widths);
        prop_assert!(ir::verify::verify(&m).is_ok());
        let mut cx = PassCx::new(&registry, registry.targets().get("host").unwrap());
        let mut run = |m: &mut Module, text: &str| {
            let options = ManagerOptions { verify_each: true, ..ManagerOptions::default() };
            pass::run_pipeline(&Pipeline::parse(text).unwrap(), m, &mut cx, options, &mut ()).is_ok()
        };
        prop_assert!(run(&mut m, "builtin.module(func.func(dce))"));
        let before = peak(&m);
        prop_assert!(run(&mut m, "builtin.module(func.func(order-operators))"));
        prop_assert!(peak(&m) <= before);
    }
}

/// Two branches from the input; the file's order computes both large tensors before it shrinks either.
#[test]
fn finishes_a_branch_before_it_starts_the_next() {
    let mut r = Registry::builder(Targets::builtin());
    ir::dialects::register_all(&mut r.dialects).unwrap();
    passes::register(&mut r).unwrap();
    let registry = r.freeze();
    let mut m = Module::new(registry.dialects().clone());
    let q = m.quant(QuantType::per_tensor(8, 0.5, 0));
    let (big, small) = (m.tensor(&[1, 8, 8, 4], q), m.tensor(&[1, 1, 1, 4], q));
    let (_, block) = func::build_func(&mut m, "main", &[small], &[small], Loc::UNKNOWN);
    let x = m.block_args(block)[0];
    let (none, eight, pads, i8) = (
        m.str_attr("none"),
        m.i64s_attr(&[8, 8]),
        m.i64s_attr(&[0; 4]),
        m.i8(),
    );
    let storage = m.tensor(&[1, 8, 8, 4], i8);
    let mut b = Builder::at_end(&mut m, block);
    let widen = |b: &mut Builder<'_>, fill: u8| {
        let value = b.m.dense_attr(storage, vec![fill; 256]);
        let c = b.insert(
            OpState::new("nn.constant")
                .prop("value", value)
                .results(&[big]),
        );
        let c = b.m.result(c, 0);
        let op = b.insert(
            OpState::new("nn.add")
                .operands(&[x, c])
                .results(&[big])
                .prop("activation", none),
        );
        b.m.result(op, 0)
    };
    let (p, q) = (widen(&mut b, 1), widen(&mut b, 2));
    let shrink = |b: &mut Builder<'_>, v: ValueId| {
        let state = OpState::new("nn.max_pool_2d")
            .operands(&[v])
            .results(&[small])
            .prop("kernel", eight);
        let op = b.insert(
            state
                .prop("strides", eight)
                .prop("pads", pads)
                .prop("activation", none),
        );
        b.m.result(op, 0)
    };
    let (p, q) = (shrink(&mut b, p), shrink(&mut b, q));
    let op = b.insert(
        OpState::new("nn.add")
            .operands(&[p, q])
            .results(&[small])
            .prop("activation", none),
    );
    let sum = b.m.result(op, 0);
    b.op("func.return", &[sum], &[]);
    let mut cx = PassCx::new(&registry, registry.targets().get("host").unwrap());
    assert_eq!(peak(&m), 4 + 256 + 256);
    let pipeline = Pipeline::parse("builtin.module(func.func(order-operators))").unwrap();
    pass::run_pipeline(
        &pipeline,
        &mut m,
        &mut cx,
        ManagerOptions {
            verify_each: true,
            ..ManagerOptions::default()
        },
        &mut (),
    )
    .unwrap();
    assert_eq!(peak(&m), 4 + 4 + 256);
}

fn frozen() -> Registry {
    let mut r = Registry::builder(Targets::builtin());
    ir::dialects::register_all(&mut r.dialects).unwrap();
    interp::register(&mut r.dialects).unwrap();
    passes::register(&mut r).unwrap();
    r.freeze()
}

/// Runs the passes; what they said.
fn run(registry: &Registry, m: &mut Module, steps: &str) -> String {
    let mut cx = PassCx::new(registry, registry.targets().get("host").unwrap());
    let options = ManagerOptions {
        verify_each: true,
        ..ManagerOptions::default()
    };
    let pipeline = Pipeline::parse(&format!("builtin.module({steps})")).unwrap();
    let done = pass::run_pipeline(&pipeline, m, &mut cx, options, &mut ());
    assert!(done.is_ok(), "{}", cx.diagnostics);
    cx.diagnostics.to_string()
}

/// Peak of live bytes of a cell, in the order that the module has; concatenations of these cells are no views.
fn cell_peak(m: &Module) -> u64 {
    let main = m.lookup_symbol("main").unwrap();
    let graph = passes::order_operators::Ordered::of(m, main).unwrap().graph;
    let found = usmp::order::check_order(&graph, &(0..graph.operators().len()).collect::<Vec<_>>());
    assert_eq!(found, Ok(peak(m)));
    peak(m)
}

/// Cells of every family: the order is the least by proof, compared with two orders that people write, and computes the same.
#[test]
fn cells_take_less_memory_and_compute_the_same() {
    let registry = frozen();
    let mut lower = Vec::new();
    for family in testgen::cells::Family::ALL {
        for seed in 1..=3 {
            let built = testgen::cells::stacked(family, 2, 4, 4, seed);
            let mut peaks = Vec::new();
            for n in [testgen::cells::by_levels(&built), built] {
                let mut m = n.build(registry.dialects());
                let before = cell_peak(&m);
                let expected = interp::run_nn(&m, &n.inputs(0)).unwrap();
                let said = run(&registry, &mut m, "func.func(order-operators)");
                let after = cell_peak(&m);
                assert_eq!(interp::run_nn(&m, &n.inputs(0)).unwrap(), expected);
                assert!(after <= before);
                let remark = format!(
                    "reordered: {before} bytes live at the peak before, {after} after; no order has less"
                );
                // An order is changed for a smaller peak only, or for a plan that is nearer to it.
                assert_eq!(after < before, said.contains(&remark), "{said}");
                if after < before {
                    lower.push(family);
                }
                peaks.push(after);
            }
            assert_eq!(peaks[0], peaks[1], "{family:?}");
        }
    }
    for family in testgen::cells::Family::ALL {
        assert!(lower.contains(&family), "{family:?} gains nothing");
    }
}

/// A split and a concatenation of vectors are views: nothing is copied, and the arena holds what the layers need.
#[test]
fn joints_of_vectors_take_no_memory_of_their_own() {
    let registry = frozen();
    let text = r#"
#0 = loc(unknown)
"func.func"() <{function_type = (tensor<1x64xf32>) -> tensor<1x64xf32>, sym_name = "main"}> ({
^bb0(%x: tensor<1x64xf32>):
  %a = "nn.relu"(%x) : (tensor<1x64xf32>) -> tensor<1x64xf32>
  %p:2 = "nn.split"(%a) <{axis = 1 : i64}> : (tensor<1x64xf32>) -> (tensor<1x16xf32>, tensor<1x48xf32>)
  %q = "nn.relu6"(%p#0) : (tensor<1x16xf32>) -> tensor<1x16xf32>
  %r = "nn.relu6"(%p#1) : (tensor<1x48xf32>) -> tensor<1x48xf32>
  %j = "nn.concatenation"(%r, %q) <{axis = 1 : i64}> : (tensor<1x48xf32>, tensor<1x16xf32>) -> tensor<1x64xf32>
  %y = "nn.relu"(%j) : (tensor<1x64xf32>) -> tensor<1x64xf32>
  "func.return"(%y) : (tensor<1x64xf32>) -> ()
}) : () -> ()
"#;
    let mut m = ir::text::parse::parse(
        text,
        "joints.mlir",
        registry.dialects().clone(),
        &Default::default(),
    )
    .unwrap();
    let input: Vec<u8> = (0..64)
        .flat_map(|i| (i as f32 - 20.0).to_le_bytes())
        .collect();
    let expected = interp::run_nn(&m, std::slice::from_ref(&input)).unwrap();
    run(
        &registry,
        &mut m,
        "func.func(order-operators),lower-nn,plan-memory,mark-noalias,check-placement",
    );
    let map = passes::memory_map::MemoryMap::of(&m).unwrap();
    // Four kernels and no copy; two tensors of 256 bytes at a time.
    let calls = map.events.iter().map(|&op| m.op_name(op));
    assert_eq!(calls.collect::<Vec<_>>(), ["func.call"; 4]);
    assert_eq!((map.buffers.len(), map.arena_size), (4, 512));
    let program = interp::Program::compile(ir::verify::verify(&m).unwrap()).unwrap();
    assert_eq!(program.run(&[&input]).unwrap(), expected);
}

/// What must not be a view is copied: an input, a part at an odd offset, what is returned, what is in two concatenations.
#[test]
fn joints_that_cannot_be_views_copy() {
    let registry = frozen();
    let q = "!quant.uniform<i8:f32, 5.000000e-01>";
    let text = format!(
        r#"
"func.func"() <{{function_type = (tensor<1x8x{q}>) -> (tensor<1x15x{q}>, tensor<1x24x{q}>), sym_name = "main"}}> ({{
^bb0(%x: tensor<1x8x{q}>):
  %a = "nn.relu"(%x) : (tensor<1x8x{q}>) -> tensor<1x8x{q}>
  %p:2 = "nn.split"(%a) <{{axis = 1 : i64}}> : (tensor<1x8x{q}>) -> (tensor<1x1x{q}>, tensor<1x7x{q}>)
  %b = "nn.relu6"(%p#1) : (tensor<1x7x{q}>) -> tensor<1x7x{q}>
  %j = "nn.concatenation"(%x, %b) <{{axis = 1 : i64}}> : (tensor<1x8x{q}>, tensor<1x7x{q}>) -> tensor<1x15x{q}>
  %k = "nn.concatenation"(%a, %a, %x) <{{axis = 1 : i64}}> : (tensor<1x8x{q}>, tensor<1x8x{q}>, tensor<1x8x{q}>) -> tensor<1x24x{q}>
  "func.return"(%j, %k) : (tensor<1x15x{q}>, tensor<1x24x{q}>) -> ()
}}) : () -> ()
"#
    );
    let mut m = ir::text::parse::parse(
        &text,
        "copies.mlir",
        registry.dialects().clone(),
        &Default::default(),
    )
    .unwrap();
    let input = vec![1u8, 200, 3, 127, 128, 6, 7, 250];
    let expected = interp::run_nn(&m, std::slice::from_ref(&input)).unwrap();
    run(
        &registry,
        &mut m,
        "lower-nn,plan-memory,mark-noalias,check-placement",
    );
    let map = passes::memory_map::MemoryMap::of(&m).unwrap();
    let calls: Vec<&str> = map.events.iter().map(|&op| m.op_name(op)).collect();
    // relu, the second part, relu6 into the output, the input into the output; a kernel for the other concatenation.
    let (call, copy) = ("func.call", "memref.copy");
    assert_eq!(calls, [call, copy, call, copy, call]);
    let program = interp::Program::compile(ir::verify::verify(&m).unwrap()).unwrap();
    assert_eq!(program.run(&[&input]).unwrap(), expected);
}
