//! Reduction: what is left verifies, still holds, and is small.

use ir::dialects::{self, func};
use ir::reduce::{ReduceOptions, reduce};
use ir::{Builder, DialectRegistry, Loc, Module, OpState, WalkOrder};
use std::sync::Arc;

fn registry() -> Arc<DialectRegistry> {
    let mut r = DialectRegistry::builder();
    dialects::register_all(&mut r).expect("unique names");
    Arc::new(r.freeze())
}

fn count(m: &Module, name: &str) -> usize {
    let all = m.walk(m.root(), WalkOrder::Pre);
    all.iter().filter(|&&op| m.op_name(op) == name).count()
}

fn ops(m: &Module) -> usize {
    m.walk(m.root(), WalkOrder::Pre).len()
}

fn text(m: &Module) -> String {
    ir::text::print_module(m)
}

/// Every kind of op that a random module holds is found again in a module of a few ops.
#[test]
fn random_modules_shrink_to_one_op_of_a_kind() {
    let registry = registry();
    for (i, case) in testgen::loops::cases(testgen::loops::Features::ALL, 11, 6)
        .iter()
        .enumerate()
    {
        let m = case.build(&registry);
        let names: std::collections::BTreeSet<String> = m
            .walk(m.root(), WalkOrder::Pre)
            .iter()
            .map(|&op| m.op_name(op).to_owned())
            .collect();
        let name = names.iter().nth(3 * i % names.len()).expect("some op");
        let mut tries = 0;
        let small = reduce(
            &m,
            &mut |m| {
                tries += 1;
                assert!(ir::verify::verify(m).is_ok());
                count(m, name) > 0
            },
            &ReduceOptions::default(),
        );
        assert!(count(&small, name) > 0 && ir::verify::verify(&small).is_ok());
        // The op with its operands' definitions, in a function or two.
        assert!(ops(&small) <= 16, "{name}\n{}", text(&small));
        assert!(tries < 2000, "{tries} tries for {} ops", ops(&m));
    }
}

#[test]
fn networks_lose_layers_and_weights() {
    let registry = registry();
    for network in testgen::network::networks(5, 10) {
        let m = network.build(&registry);
        let Some(wanted) = m
            .walk(m.root(), WalkOrder::Pre)
            .into_iter()
            .map(|op| m.op_name(op).to_owned())
            .find(|n| n.starts_with("nn.") && n != "nn.constant")
        else {
            continue;
        };
        let small = reduce(
            &m,
            &mut |m| count(m, &wanted) > 0,
            &ReduceOptions::default(),
        );
        assert!(ir::verify::verify(&small).is_ok());
        assert_eq!(count(&small, &wanted), 1, "{}", text(&small));
        assert!(ops(&small) <= 7, "{}", text(&small));
        assert!(
            !text(&small).contains("dense_resource<"),
            "{}",
            text(&small)
        );
        assert!(!text(&small).contains("random.tflite"), "{}", text(&small));
    }
}

/// `f` of a thousand ops, of which two matter together.
#[test]
fn a_thousand_ops_take_few_tries() {
    let mut m = Module::new(registry());
    let i32 = m.i32();
    let (_, entry) = func::build_func(&mut m, "f", &[i32, i32], &[i32, i32], Loc::UNKNOWN);
    let args = m.block_args(entry).to_vec();
    let mut b = Builder::at_end(&mut m, entry);
    let (mut x, y) = (args[0], args[1]);
    for i in 0..1000 {
        x = match i {
            300 => b.minsi(x, y),
            700 => b.maxsi(x, y),
            _ if i % 2 == 0 => b.addi(x, y),
            _ => b.muli(x, x),
        };
    }
    b.op("func.return", &[x, y], &[]);
    let both = |m: &Module| count(m, "arith.minsi") > 0 && count(m, "arith.maxsi") > 0;
    let mut tries = 0;
    let small = reduce(
        &m,
        &mut |m| {
            tries += 1;
            both(m)
        },
        &ReduceOptions::default(),
    );
    assert!(both(&small));
    // Module, function, both ops, return; one argument and no result.
    assert_eq!(ops(&small), 5, "{}", text(&small));
    assert!(tries < 150, "{tries}");
    let again = reduce(&m, &mut |m| both(m), &ReduceOptions::default());
    assert_eq!(text(&small), text(&again));
    assert!(text(&small).contains("(i32) -> ()"), "{}", text(&small));
}

/// What is looked for stands in a loop in a conditional: both go, and what the loop carried.
#[test]
fn regions_are_inlined_and_loops_carry_less() {
    let mut m = Module::new(registry());
    let (i1, i32) = (m.i1(), m.i32());
    let (_, entry) = func::build_func(&mut m, "f", &[i1, i32], &[i32], Loc::UNKNOWN);
    let args = m.block_args(entry).to_vec();
    let mut b = Builder::at_end(&mut m, entry);
    let result = b.if_else(
        args[0],
        &[i32],
        |b| {
            let (lo, hi, step) = (b.const_index(0), b.const_index(9), b.const_index(1));
            let values = b.for_loop(lo, hi, step, &[args[1], args[1]], |b, _, v| {
                vec![b.xori(v[0], v[1]), b.addi(v[0], v[1])]
            });
            vec![values[0]]
        },
        |_| vec![args[1]],
    );
    b.op("func.return", &result, &[]);

    let small = reduce(
        &m,
        &mut |m| count(m, "arith.xori") > 0,
        &ReduceOptions::default(),
    );
    assert_eq!(ops(&small), 4, "{}", text(&small));

    // With the loop among what is looked for, it stays, and carries nothing.
    let small = reduce(
        &m,
        &mut |m| count(m, "scf.for") > 0,
        &ReduceOptions::default(),
    );
    assert_eq!(count(&small, "scf.if"), 0);
    let all = small.walk(small.root(), WalkOrder::Pre);
    let found = all.into_iter().find(|&op| small.op_name(op) == "scf.for");
    assert!(
        small.results(found.expect("it holds")).is_empty(),
        "{}",
        text(&small)
    );
}

#[test]
fn calls_go_with_their_function_and_follow_its_type() {
    let mut m = Module::new(registry());
    let i32 = m.i32();
    for name in ["unused", "used"] {
        let (_, entry) = func::build_func(&mut m, name, &[i32, i32], &[i32, i32], Loc::UNKNOWN);
        let args = m.block_args(entry).to_vec();
        let mut b = Builder::at_end(&mut m, entry);
        let x = b.xori(args[1], args[1]);
        b.op("func.return", &[args[1], x], &[]);
    }
    let (_, entry) = func::build_func(&mut m, "main", &[i32], &[i32], Loc::UNKNOWN);
    let x = m.block_args(entry)[0];
    let mut b = Builder::at_end(&mut m, entry);
    let first = b.call("unused", &[x, x], &[i32, i32]);
    let y = b.m.result(first, 1);
    let second = b.call("used", &[x, y], &[i32, i32]);
    let z = b.m.result(second, 1);
    b.op("func.return", &[z], &[]);

    let holds = |m: &Module| {
        let used = m.lookup_symbol("used");
        let xori = used.is_some_and(|f| {
            m.walk(f, WalkOrder::Pre)
                .iter()
                .any(|&op| m.op_name(op) == "arith.xori")
        });
        xori && count(m, "func.call") > 0
    };
    let small = reduce(&m, &mut |m| holds(m), &ReduceOptions::default());
    assert!(holds(&small) && small.lookup_symbol("unused").is_none());
    assert!(ir::verify::verify(&small).is_ok());
    // Module, two functions with returns, the call, the op.
    assert_eq!(ops(&small), 7, "{}", text(&small));
    assert!(
        text(&small).contains("callee = @used}> : (i32) -> ()"),
        "{}",
        text(&small)
    );
}

#[test]
fn unknown_ops_are_deleted_too_and_attributes_dropped() {
    let mut m = Module::new(registry());
    let i32 = m.i32();
    let (_, entry) = func::build_func(&mut m, "f", &[], &[], Loc::UNKNOWN);
    let (note, big) = (m.str_attr("note"), m.int_attr(123_456, i32));
    for i in 0..20 {
        let op = OpState::new(if i == 13 { "acme.bad" } else { "acme.good" });
        let op = op.attr("note", note).prop("size", big).results(&[i32]);
        let op = m.create(op);
        m.append(entry, op);
    }
    Builder::at_end(&mut m, entry).op("func.return", &[], &[]);
    let small = reduce(
        &m,
        &mut |m| count(m, "acme.bad") > 0,
        &ReduceOptions::default(),
    );
    assert_eq!(
        (count(&small, "acme.bad"), count(&small, "acme.good")),
        (1, 0)
    );
    assert!(
        !text(&small).contains("note") && !text(&small).contains("size"),
        "{}",
        text(&small)
    );
}

#[test]
fn a_predicate_that_does_not_hold_leaves_the_module_alone() {
    let m = testgen::loops::cases(testgen::loops::Features::ALL, 3, 1)[0].build(&registry());
    let same = reduce(&m, &mut |_| false, &ReduceOptions::default());
    assert_eq!(text(&same), text(&m));
    let mut tries = 0;
    reduce(
        &m,
        &mut |_| {
            tries += 1;
            true
        },
        &ReduceOptions { max_tries: 3 },
    );
    assert_eq!(tries, 4, "the module itself, then three");
}
