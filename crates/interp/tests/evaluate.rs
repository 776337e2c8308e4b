//! Observing and comparing modules: what counts as equal, different and not comparable.

use interp::evaluate::{Outcome, Settings, Verdict, equivalent, observe};
use ir::dialects::func;
use ir::{Builder, DialectRegistry, Loc, Module, OpState, Type, ValueId};
use std::sync::Arc;

fn module() -> Module {
    let mut registry = DialectRegistry::builder();
    ir::dialects::register_all(&mut registry).expect("unique names");
    interp::register(&mut registry).expect("unique names");
    Module::new(Arc::new(registry.freeze()))
}

type Types = fn(&mut Module) -> (Vec<Type>, Vec<Type>);

fn add(
    m: &mut Module,
    name: &str,
    types: Types,
    build: impl FnOnce(&mut Builder<'_>, &[ValueId]) -> Vec<ValueId>,
) {
    let (inputs, results) = types(m);
    let (_, block) = func::build_func(m, name, &inputs, &results, Loc::UNKNOWN);
    let args = m.block_args(block).to_vec();
    let mut b = Builder::at_end(m, block);
    let values = build(&mut b, &args);
    b.op("func.return", &values, &[]);
}

/// A module with one function `f`.
fn with(types: Types, build: impl FnOnce(&mut Builder<'_>, &[ValueId]) -> Vec<ValueId>) -> Module {
    let mut m = module();
    add(&mut m, "f", types, build);
    m
}

fn i32_to_i32(m: &mut Module) -> (Vec<Type>, Vec<Type>) {
    (vec![m.i32()], vec![m.i32()])
}

fn f32_to_f32(m: &mut Module) -> (Vec<Type>, Vec<Type>) {
    (vec![m.f32()], vec![m.f32()])
}

fn buffer(m: &mut Module) -> (Vec<Type>, Vec<Type>) {
    let i32 = m.i32();
    (vec![m.memref(&[4], i32)], vec![])
}

fn settings() -> Settings {
    Settings {
        bytes: 1 << 22,
        ..Settings::new(3, 8)
    }
}

fn i32_of(outcome: &Outcome) -> i32 {
    match outcome {
        Outcome::Defined(outputs) => {
            i32::from_le_bytes(outputs[0].bytes.as_slice().try_into().expect("four bytes"))
        }
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn not_comparable(a: &Module, b: &Module, why: &str) {
    match equivalent(a, b, &settings()) {
        Verdict::NotComparable { reasons, .. } => {
            assert!(reasons.iter().any(|r| r.contains(why)), "{reasons:?}");
        }
        other => panic!("{other}"),
    }
}

#[test]
fn scalars_with_control_flow_and_calls() {
    // The sum of 0..n for n below 9, else −1, by a private function.
    let mut m = with(
        |m| (vec![m.index()], vec![m.i32()]),
        |b, args| {
            let (i1, i32) = (b.m.i1(), b.m.i32());
            let limit = b.const_index(9);
            let small = b.cmpi("slt", args[0], limit);
            assert_eq!(b.m.value_type(small), i1);
            b.if_else(
                small,
                &[i32],
                |b| {
                    let call = b.call("sum", &[args[0]], &[i32]);
                    vec![b.m.result(call, 0)]
                },
                |b| vec![b.const_int(-1, i32)],
            )
        },
    );
    add(
        &mut m,
        "sum",
        |m| (vec![m.index()], vec![m.i32()]),
        |b, args| {
            let i32 = b.m.i32();
            let (zero, one, init) = (b.const_index(0), b.const_index(1), b.const_int(0, i32));
            b.for_loop(zero, args[0], one, &[init], |b, i, sum| {
                let i = b.cast("arith.index_cast", i, i32);
                vec![b.addi(sum[0], i)]
            })
        },
    );
    let private = m.str_attr("private");
    let sum = m.lookup_symbol("sum").expect("it was added");
    m.set_prop(sum, "sym_visibility", private);

    let o = observe(&m, &Settings::new(5, 40)).expect("it verifies");
    assert_eq!(o.functions.len(), 1, "private functions are not observed");
    let mut seen: Vec<i32> = o.functions[0].outcomes.iter().map(i32_of).collect();
    seen.sort_unstable();
    seen.dedup();
    let sums: Vec<i32> = (0..9).map(|n| (0..n).sum()).collect();
    assert!(
        seen.iter().all(|x| *x == -1 || sums.contains(x)),
        "{seen:?}"
    );
    assert!(seen.len() > 4 && seen[0] == -1, "{seen:?}");
}

#[test]
fn buffers_before_and_after() {
    let store = |value: i64, at: i64| {
        with(buffer, move |b, args| {
            let i32 = b.m.i32();
            let (value, at) = (b.const_int(value, i32), b.const_index(at));
            b.store(value, args[0], &[at]);
            vec![]
        })
    };
    let a = store(7, 2);
    let o = observe(&a, &settings()).expect("it verifies");
    for outcome in &o.functions[0].outcomes {
        let Outcome::Defined(outputs) = outcome else {
            panic!("{outcome:?}")
        };
        assert_eq!(outputs[0].name, "argument 0");
        assert_eq!(outputs[0].bytes[8..12], [7, 0, 0, 0]);
    }
    assert!(matches!(
        equivalent(&a, &store(7, 2), &settings()),
        Verdict::Equal(_)
    ));
    let Verdict::Differs(d) = equivalent(&a, &store(8, 2), &settings()) else {
        panic!("a store of another value")
    };
    assert_eq!(
        (
            d.output.as_str(),
            d.element,
            d.before.as_str(),
            d.after.as_str()
        ),
        ("argument 0", Some(2), "7", "8")
    );
    // Out of bounds before: anything is fine after. Out of bounds after: it differs.
    let outside = store(7, 4);
    assert!(matches!(equivalent(&outside, &a, &settings()), Verdict::Equal(c) if c.undefined == 8));
    assert!(matches!(
        equivalent(&a, &outside, &settings()),
        Verdict::Differs(_)
    ));
}

#[test]
fn undefined_may_become_anything_but_not_the_other_way_round() {
    let sum = |nsw: bool| {
        with(i32_to_i32, move |b, args| {
            let i32 = b.m.i32();
            let big = b.const_int(i64::from(i32::MAX), i32);
            vec![if nsw {
                b.addi_nsw(args[0], big)
            } else {
                b.addi(args[0], big)
            }]
        })
    };
    let Verdict::Equal(coverage) = equivalent(&sum(true), &sum(false), &settings()) else {
        panic!("dropping nsw is a refinement")
    };
    assert!(
        coverage.undefined > 0 && coverage.compared > 0,
        "{coverage:?}"
    );
    let Verdict::Differs(d) = equivalent(&sum(false), &sum(true), &settings()) else {
        panic!("adding nsw is none")
    };
    assert!(d.after.contains("overflow"), "{d}");
}

#[test]
fn all_nans_are_equal_and_zeros_are_not() {
    let nan = |bits: u32| {
        with(f32_to_f32, move |b, _| {
            vec![b.const_f32(f32::from_bits(bits))]
        })
    };
    assert!(matches!(
        equivalent(&nan(0x7fc0_0000), &nan(0xffc0_1234), &settings()),
        Verdict::Equal(_)
    ));
    let Verdict::Differs(d) = equivalent(&nan(0), &nan(0x8000_0000), &settings()) else {
        panic!("0 and -0 are other bits")
    };
    assert_eq!((d.before.as_str(), d.after.as_str()), ("0.0", "-0.0"));
}

#[test]
fn unknown_ops_and_external_functions_are_not_comparable() {
    let unknown = |name: &'static str| {
        with(i32_to_i32, move |b, args| {
            let i32 = b.m.i32();
            let op = b.insert(OpState::new(name).operands(args).results(&[i32]));
            vec![b.m.result(op, 0)]
        })
    };
    let a = unknown("acme.mystery");
    not_comparable(&a, &a, "acme.mystery");
    // Buffers beside an unknown op elsewhere in the module run on their own.
    let mut b = unknown("acme.mystery");
    add(&mut b, "g", buffer, |_, _| vec![]);
    let o = observe(&b, &settings()).expect("unregistered ops are no error");
    assert!(matches!(
        o.functions[0].outcomes[0],
        Outcome::NotExecutable(_)
    ));
    assert!(matches!(o.functions[1].outcomes[0], Outcome::Defined(_)));

    let mut external = with(i32_to_i32, |b, args| {
        let i32 = b.m.i32();
        let call = b.call("elsewhere", args, &[i32]);
        vec![b.m.result(call, 0)]
    });
    let i32 = external.i32();
    let (ty, name) = (
        external.function(&[i32], &[i32]),
        external.str_attr("elsewhere"),
    );
    let (ty, private) = (external.type_attr(ty), external.str_attr("private"));
    let op = external.create(
        OpState::new("func.func")
            .prop("sym_name", name)
            .prop("function_type", ty)
            .prop("sym_visibility", private)
            .regions(1),
    );
    let body = external.body();
    external.append(body, op);
    not_comparable(&external, &external, "@elsewhere is external");
}

/// Made-up results: equal ops of equal operands stay comparable, and what unknown ops do is seen.
#[test]
fn unknown_ops_can_be_made_up() {
    let build = |names: &'static [&'static str], constant: i64| {
        with(i32_to_i32, move |b, args| {
            let i32 = b.m.i32();
            let mut x = args[0];
            for name in names {
                let c = b.const_int(constant, i32);
                let op = b.insert(OpState::new(*name).operands(&[x, c]).results(&[i32]));
                x = b.m.result(op, 0);
            }
            vec![args[0]]
        })
    };
    let settings = settings().make_up_unknown();
    let a = build(&["acme.f", "acme.g"], 1);
    let same = |b: &Module| equivalent(&a, b, &settings);
    assert!(matches!(same(&build(&["acme.f", "acme.g"], 1)), Verdict::Equal(c) if c.compared == 8));
    for other in [
        build(&["acme.g", "acme.f"], 1),
        build(&["acme.f", "acme.g"], 2),
        build(&["acme.f", "acme.h"], 1),
    ] {
        let Verdict::Differs(d) = same(&other) else {
            panic!("other effects")
        };
        assert!(
            d.output.starts_with("effect 0") || d.output.starts_with("effect 1"),
            "{d}"
        );
    }
    not_comparable(&a, &a, "no interpretation");
    let Verdict::Differs(d) = same(&build(&["acme.f"], 1)) else {
        panic!("one effect less")
    };
    assert_eq!(
        (d.before.as_str(), d.after.as_str()),
        ("effects: 2", "effects: 1")
    );
}

#[test]
fn signatures_and_missing_functions_are_not_comparable() {
    let a = with(i32_to_i32, |_, args| args.to_vec());
    let b = with(f32_to_f32, |_, args| args.to_vec());
    not_comparable(&a, &b, "@f: it takes other inputs");
    let c = with(
        |m| (vec![m.i32()], vec![m.i1()]),
        |b, _| {
            let i1 = b.m.i1();
            vec![b.const_int(1, i1)]
        },
    );
    not_comparable(&a, &c, "it yields other outputs");
    not_comparable(&a, &module(), "@f is gone");
}

#[test]
fn long_loops_end() {
    let endless = |memory: bool| {
        let types: Types = if memory { buffer } else { |_| (vec![], vec![]) };
        with(types, |b, _| {
            let (zero, one) = (b.const_index(0), b.const_index(1));
            let many = b.const_index(i64::from(i32::MAX));
            b.for_loop(zero, many, one, &[], |b, _, _| {
                b.for_loop(zero, many, one, &[], |_, _, _| vec![])
            })
        })
    };
    let settings = Settings::new(1, 2).steps(100_000);
    for m in [endless(false), endless(true)] {
        let o = observe(&m, &settings).expect("it verifies");
        assert!(
            matches!(&o.functions[0].outcomes[0], Outcome::NotExecutable(why) if why.contains("step")),
            "{o:?}"
        );
    }
}

#[test]
fn large_buffers_and_recursion_are_not_executable() {
    let large = with(
        |m| {
            let i8 = m.i8();
            (vec![m.memref(&[1 << 40], i8)], vec![])
        },
        |_, _| vec![],
    );
    not_comparable(&large, &large, "bytes");
    let hoarder = with(buffer, |b, _| {
        let i8 = b.m.i8();
        let ty = b.m.memref(&[1 << 20], i8);
        let (zero, one, many) = (b.const_index(0), b.const_index(1), b.const_index(1 << 20));
        b.for_loop(zero, many, one, &[], |b, _, _| {
            b.alloc(ty, "scratch");
            vec![]
        })
    });
    not_comparable(&hoarder, &hoarder, "bytes");
    for types in [i32_to_i32 as Types, |m| {
        let (inputs, _) = buffer(m);
        (inputs.clone(), vec![])
    }] {
        let m = with(types, |b, args| {
            let results: Vec<Type> = args.iter().map(|&v| b.m.value_type(v)).collect();
            let scalar = results == [b.m.i32()];
            let call = b.call("f", args, if scalar { &results } else { &[] });
            b.m.results(call).to_vec()
        });
        assert!(matches!(
            equivalent(&m, &m, &settings()),
            Verdict::NotComparable { .. }
        ));
    }
}

#[test]
fn modules_that_do_not_verify_are_an_error() {
    let m = with(f32_to_f32, |b, _| {
        let i32 = b.m.i32();
        vec![b.const_int(1, i32)]
    });
    assert!(observe(&m, &settings()).is_err());
    not_comparable(&m, &m, "does not verify");
}

#[test]
fn the_seed_decides_and_types_of_equal_storage_get_equal_inputs() {
    let identity = |types: Types| with(types, |_, args| args.to_vec());
    let tensor: Types = |m| {
        let i8 = m.i8();
        let t = m.tensor(&[2, 3], i8);
        (vec![t], vec![t])
    };
    let quantised: Types = |m| {
        let q = m.quant(ir::QuantType::per_tensor(8, 0.5, 3));
        let t = m.tensor(&[6], q);
        (vec![t], vec![t])
    };
    let (a, b) = (identity(tensor), identity(quantised));
    assert!(matches!(equivalent(&a, &b, &settings()), Verdict::Equal(c) if c.compared == 8));
    let one = observe(&a, &Settings::new(1, 4)).expect("it verifies");
    let two = observe(&a, &Settings::new(2, 4)).expect("it verifies");
    assert_ne!(one, two);
    assert_eq!(one, observe(&a, &Settings::new(1, 4)).expect("it verifies"));
}
