//! Register code agrees with the interpretation of every pure op, on random operands of every type.

use super::{call, module};
use interp::loops::{Argument, LoopError};
use ir::interfaces::{Datum, EvalError};
use ir::{Builder, Loc, Module, OpState, Type, ValueId, dialects::func};
use proptest::prelude::*;

/// What both sides answer: a value, or that there is none.
fn answers(m: &Module, args: &[Datum]) -> (Option<Vec<Datum>>, Option<Vec<Datum>>) {
    let f = m.lookup_symbol("f").unwrap();
    let op = m.ops(m.entry_block(f).unwrap()).next().unwrap();
    let interpret = m.registry().interpret(m.op_name(op)).unwrap();
    let direct = match interpret.interpret(m.op(op), args) {
        Ok(values) => Some(values.to_vec()),
        Err(EvalError::Poison(_)) => None,
        Err(e) => panic!("{e}"),
    };
    let mut arguments: Vec<Argument> = args.iter().cloned().map(Argument::Value).collect();
    let executed = match call(m, &mut arguments) {
        Ok(values) => Some(values),
        Err(LoopError::Fault { .. }) => None,
        Err(e) => panic!("{e}"),
    };
    (direct, executed)
}

/// Compares bits, so that NaNs of the same bits are equal.
fn bits(values: &Option<Vec<Datum>>) -> Option<Vec<String>> {
    let one = |d: &Datum| match d {
        Datum::F32(x) => format!("f32 {:08x}", x.to_bits()),
        Datum::F64(x) => format!("f64 {:016x}", x.to_bits()),
        other => format!("{other:?}"),
    };
    values.as_ref().map(|v| v.iter().map(one).collect())
}

/// A module whose `f` applies one op to its arguments.
fn single(
    operands: &[Type],
    result: Type,
    mut m: Module,
    op: impl FnOnce(&mut Builder<'_>, &[ValueId]) -> ValueId,
) -> Module {
    let (_, block) = func::build_func(&mut m, "f", operands, &[result], Loc::UNKNOWN);
    let args = m.block_args(block).to_vec();
    let mut b = Builder::at_end(&mut m, block);
    let value = op(&mut b, &args);
    b.op("func.return", &[value], &[]);
    m
}

fn int_type(m: &mut Module, bits: u32) -> Type {
    if bits == 0 { m.index() } else { m.int(bits) }
}

/// Widths that are tried; 0 is `index`.
const WIDTHS: [u32; 7] = [0, 1, 8, 16, 32, 64, 24];

fn wrap(x: i64, bits: u32) -> i64 {
    match bits {
        0 => i64::from(x as i32),
        1 => x & 1,
        64 => x,
        _ => x << (64 - bits) >> (64 - bits),
    }
}

/// Numbers near zero, near the limits of each width, and anywhere.
fn number() -> impl Strategy<Value = i64> {
    prop_oneof![
        -70i64..70,
        (0u32..64, -2i64..3).prop_map(|(k, d)| (1i64 << k).wrapping_add(d)),
        any::<i64>(),
    ]
}

fn float() -> impl Strategy<Value = f32> {
    prop_oneof![
        any::<u32>().prop_map(f32::from_bits),
        (-200i32..200).prop_map(|x| x as f32 / 2.0),
        Just(f32::NAN),
    ]
}

const WITH_FLAGS: [&str; 4] = ["arith.addi", "arith.subi", "arith.muli", "arith.shli"];
const WITHOUT_FLAGS: [&str; 9] = [
    "arith.shrsi",
    "arith.shrui",
    "arith.divsi",
    "arith.remsi",
    "arith.andi",
    "arith.ori",
    "arith.xori",
    "arith.minsi",
    "arith.maxsi",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn integer_ops(a in number(), b in number()) {
        for width in WIDTHS {
            let args = [Datum::Int(wrap(a, width)), Datum::Int(wrap(b, width))];
            for (name, flags) in WITH_FLAGS.iter().flat_map(|n| [(n, Some("none")), (n, Some("nsw"))])
                .chain(WITHOUT_FLAGS.iter().map(|n| (n, None)))
            {
                let mut m = module();
                let ty = int_type(&mut m, width);
                let m = single(&[ty, ty], ty, m, |b, v| {
                    let mut state = OpState::new(*name).operands(v).results(&[ty]);
                    if let Some(flags) = flags {
                        let text = format!("#arith.overflow<{flags}>");
                        state = state.prop("overflowFlags", b.m.attr(ir::AttrData::Opaque(text)));
                    }
                    let op = b.insert(state);
                    b.m.result(op, 0)
                });
                let (direct, executed) = answers(&m, &args);
                prop_assert_eq!(&direct, &executed, "{} {:?} i{} {:?}", name, flags, width, args);
            }
            for predicate in ["eq", "ne", "slt", "sle", "sgt", "sge", "ult", "ule", "ugt", "uge"] {
                let mut m = module();
                let (ty, i1) = (int_type(&mut m, width), m.i1());
                let m = single(&[ty, ty], i1, m, |b, v| b.cmpi(predicate, v[0], v[1]));
                let (direct, executed) = answers(&m, &args);
                prop_assert_eq!(&direct, &executed, "{} i{} {:?}", predicate, width, args);
            }
        }
    }

    #[test]
    fn casts(a in number(), x in float()) {
        for from in WIDTHS {
            for to in WIDTHS {
                let name = match (from, to) {
                    (0, 0) => continue,
                    (0, _) | (_, 0) => &["arith.index_cast"][..],
                    _ if from < to => &["arith.extsi", "arith.extui"][..],
                    _ if from > to => &["arith.trunci"][..],
                    _ => continue,
                };
                for name in name {
                    let mut m = module();
                    let (f, t) = (int_type(&mut m, from), int_type(&mut m, to));
                    let m = single(&[f], t, m, |b, v| b.cast(name, v[0], t));
                    let (direct, executed) = answers(&m, &[Datum::Int(wrap(a, from))]);
                    prop_assert_eq!(&direct, &executed, "{} i{} i{} {}", name, from, to, wrap(a, from));
                }
            }
            if from == 0 {
                continue;
            }
            for double in [false, true] {
                let mut m = module();
                let i = int_type(&mut m, from);
                let f = if double { m.f64() } else { m.f32() };
                let m = single(&[i], f, m, |b, v| b.cast("arith.sitofp", v[0], f));
                let (direct, executed) = answers(&m, &[Datum::Int(wrap(a, from))]);
                prop_assert_eq!(bits(&direct), bits(&executed));
                let mut m = module();
                let i = int_type(&mut m, from);
                let f = if double { m.f64() } else { m.f32() };
                let m = single(&[f], i, m, |b, v| b.cast("arith.fptosi", v[0], i));
                let argument = if double { Datum::F64(x.into()) } else { Datum::F32(x) };
                let (direct, executed) = answers(&m, &[argument]);
                prop_assert_eq!(direct, executed);
            }
        }
    }

    #[test]
    fn float_ops(x in float(), y in float(), c: bool) {
        for double in [false, true] {
            let datum = |x: f32| if double { Datum::F64(x.into()) } else { Datum::F32(x) };
            let ty = |m: &mut Module| if double { m.f64() } else { m.f32() };
            for op in 0..4 {
                let mut m = module();
                let f = ty(&mut m);
                let m = single(&[f, f], f, m, |b, v| match op {
                    0 => b.addf(v[0], v[1]),
                    1 => b.subf(v[0], v[1]),
                    2 => b.mulf(v[0], v[1]),
                    _ => b.divf(v[0], v[1]),
                });
                let (direct, executed) = answers(&m, &[datum(x), datum(y)]);
                prop_assert_eq!(bits(&direct), bits(&executed));
            }
            for predicate in ["oeq", "ogt", "oge", "olt", "ole", "one", "ord", "ueq", "ugt", "uge", "ult", "ule", "une", "uno"] {
                let mut m = module();
                let (f, i1) = (ty(&mut m), m.i1());
                let m = single(&[f, f], i1, m, |b, v| b.cmpf(predicate, v[0], v[1]));
                let (direct, executed) = answers(&m, &[datum(x), datum(y)]);
                prop_assert_eq!(direct, executed);
            }
            let mut m = module();
            let f = ty(&mut m);
            let m = single(&[f], f, m, |b, v| b.negf(v[0]));
            let (direct, executed) = answers(&m, &[datum(x)]);
            prop_assert_eq!(bits(&direct), bits(&executed));
            let mut m = module();
            let (f, i) = (ty(&mut m), if double { m.i64() } else { m.i32() });
            let m = single(&[f], i, m, |b, v| b.cast("arith.bitcast", v[0], i));
            let (direct, executed) = answers(&m, &[datum(x)]);
            prop_assert_eq!(&direct, &executed);
            let mut m = module();
            let (f, i) = (ty(&mut m), if double { m.i64() } else { m.i32() });
            let m = single(&[i], f, m, |b, v| b.cast("arith.bitcast", v[0], f));
            let (direct, executed) = answers(&m, &direct.unwrap());
            prop_assert_eq!(bits(&direct), bits(&executed));
        }
        let mut m = module();
        let f = m.f32();
        let m = single(&[f], f, m, |b, v| b.exp(v[0]));
        let (direct, executed) = answers(&m, &[Datum::F32(x)]);
        prop_assert_eq!(bits(&direct), bits(&executed));
        let mut m = module();
        let (f, i1) = (m.f32(), m.i1());
        let m = single(&[i1, f, f], f, m, |b, v| b.select(v[0], v[1], v[2]));
        let (direct, executed) = answers(&m, &[Datum::Int(c.into()), Datum::F32(x), Datum::F32(y)]);
        prop_assert_eq!(bits(&direct), bits(&executed));
    }

    #[test]
    fn vectors(bytes in proptest::collection::vec(any::<u8>(), 16), at in 0usize..16) {
        for (lanes, width) in [(4i64, 8u32), (16, 8), (8, 16), (4, 32), (1, 32), (2, 64), (3, 8)] {
            let size = lanes as usize * width as usize / 8;
            let at = at as i64 % lanes;
            let value = Datum::Bytes(bytes[..size].into());
            let mut m = module();
            let elem = m.int(width);
            let v = m.vector(&[lanes], elem);
            let m = single(&[v], elem, m, |b, x| b.extract(x[0], at));
            let (direct, executed) = answers(&m, std::slice::from_ref(&value));
            prop_assert_eq!(&direct, &executed);
            let mut m = module();
            let (elem, byte) = (m.int(width), m.i8());
            let (v, raw) = (m.vector(&[lanes], elem), m.vector(&[size as i64], byte));
            let m = single(&[v], raw, m, |b, x| b.cast("vector.bitcast", x[0], raw));
            let (direct, executed) = answers(&m, &[value]);
            prop_assert_eq!(&direct, &executed);
        }
    }
}

/// Somebody else's op, known by its interpretation only, works in a loop.
#[test]
fn third_party_ops() {
    let mut registry = ir::DialectRegistry::builder();
    ir::dialects::register_all(&mut registry).unwrap();
    interp::register(&mut registry).unwrap();
    ir::define_op! {
        /// `acme.triple`: three times.
        pub struct TripleOp = "acme.triple" {
            traits: { pure },
            operands: { x: one Int },
            results: { y: one Int },
        }
    }
    registry.op(TripleOp::info()).unwrap();
    let triple = |_: ir::OpRef<'_>, args: &[Datum]| match args {
        [Datum::Int(x)] => Ok(smallvec::smallvec![Datum::Int(3 * x)]),
        _ => Err(EvalError::Unsupported("not an integer".to_owned())),
    };
    registry.interpret("acme.triple", triple).unwrap();
    let mut m = Module::new(std::sync::Arc::new(registry.freeze()));
    let i32 = m.i32();
    let (_, block) = func::build_func(&mut m, "f", &[i32], &[i32], Loc::UNKNOWN);
    let x = m.block_args(block)[0];
    let mut b = Builder::at_end(&mut m, block);
    let r = b.for_range(0, 5, 1, &[x], |b, _, c| {
        let op = b.op("acme.triple", &[c[0]], &[i32]);
        vec![b.m.result(op, 0)]
    });
    b.op("func.return", &r, &[]);
    assert_eq!(call(&m, &mut [super::int(2)]), Ok(vec![Datum::Int(486)]));
}
