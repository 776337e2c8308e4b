//! What a schedule must not do is reported with the kernel, the layer and the op.

use super::{call, function, int, module};
use interp::loops::{Argument, Fault, LoopError, Program};
use interp::scalar::Undefined;
use ir::{Builder, Loc, Module, OpState, dialects::func};

fn fault(result: Result<Vec<ir::interfaces::Datum>, LoopError>) -> Fault {
    match result {
        Err(LoopError::Fault { fault, .. }) => fault,
        other => panic!("{other:?}"),
    }
}

fn buffer_of_four() -> Module {
    function(
        |m| {
            let (i16, index) = (m.i16(), m.index());
            let memref = m.memref(&[2, 2], i16);
            (vec![memref, index, index], vec![i16])
        },
        |b, v| vec![b.load(v[0], &[v[1], v[2]])],
    )
}

#[test]
fn out_of_bounds() {
    let m = buffer_of_four();
    let at = |i, j| call(&m, &mut [Argument::Buffer(vec![0; 8]), int(i), int(j)]);
    assert!(at(1, 1).is_ok());
    let out = |offset| Fault::OutOfBounds {
        offset,
        size: 2,
        len: 8,
    };
    assert_eq!(fault(at(2, 0)), out(8));
    assert_eq!(fault(at(0, -1)), out(-2));
    assert_eq!(
        fault(at(i64::from(i32::MAX), 0)),
        out(i64::from(i32::MAX) * 4)
    );
    // A row's end is not checked, only the buffer's: the C does not know rows either.
    assert!(at(0, 3).is_ok());
}

#[test]
fn alignment() {
    let m = function(
        |m| {
            let (i8, i32, index) = (m.i8(), m.i32(), m.index());
            (vec![m.memref(&[8], i8), index], vec![i32])
        },
        |b, v| {
            let i32 = b.m.i32();
            let word = b.m.vector(&[1], i32);
            let bytes = b.vload(v[0], &[v[1]], 4, Some(4));
            let words = b.cast("vector.bitcast", bytes, word);
            vec![b.extract(words, 0)]
        },
    );
    let at = |i| call(&m, &mut [Argument::Buffer(vec![0; 8]), int(i)]);
    assert!(at(4).is_ok());
    assert!(matches!(fault(at(2)), Fault::Misaligned { align: 4, .. }));
    assert!(matches!(
        fault(at(5)),
        Fault::OutOfBounds {
            offset: 5,
            size: 4,
            len: 8
        }
    ));
}

#[test]
fn undefined_arithmetic_and_steps() {
    let m = function(
        |m| {
            let i32 = m.i32();
            (vec![i32, i32], vec![i32])
        },
        |b, v| vec![b.addi_nsw(v[0], v[1])],
    );
    let max = i64::from(i32::MAX);
    let overflow = call(&m, &mut [int(max), int(1)]);
    assert_eq!(fault(overflow), Fault::Undefined(Undefined::SignedOverflow));
    let m = function(
        |m| {
            let index = m.index();
            (vec![index], vec![])
        },
        |b, v| {
            let (zero, ten) = (b.const_index(0), b.const_index(10));
            b.for_loop(zero, ten, v[0], &[], |_, _, _| vec![])
        },
    );
    assert_eq!(fault(call(&m, &mut [int(0)])), Fault::Step(0));
    assert_eq!(fault(call(&m, &mut [int(-1)])), Fault::Step(-1));
    assert_eq!(call(&m, &mut [int(1)]), Ok(vec![]));
}

fn global(m: &mut Module, name: &str, constant: bool) -> ir::Type {
    let i8 = m.i8();
    let (ty, tensor) = (m.memref(&[4], i8), m.tensor(&[4], i8));
    let (name, visibility) = (m.str_attr(name), m.str_attr("private"));
    let (type_attr, unit) = (m.type_attr(ty), m.unit_attr());
    let value = m.dense_attr(tensor, vec![1, 2, 3, 4]);
    let mut state = OpState::new("memref.global")
        .prop("sym_name", name)
        .prop("sym_visibility", visibility)
        .prop("type", type_attr)
        .prop("initial_value", value);
    if constant {
        state = state.prop("constant", unit);
    }
    let op = m.create(state);
    let body = m.body();
    m.append(body, op);
    ty
}

#[test]
fn writes_to_constants_name_kernel_and_layer() {
    for constant in [false, true] {
        let mut m = module();
        let ty = global(&mut m, "table", constant);
        let (_, block) = func::build_func(&mut m, "kernel", &[ty], &[], Loc::UNKNOWN);
        let table = m.block_args(block)[0];
        let mut b = Builder::at_end(&mut m, block);
        let (at, i8) = (b.const_index(2), b.m.i8());
        let value = b.const_int(9, i8);
        b.store(value, table, &[at]);
        b.op("func.return", &[], &[]);
        let (_, block) = func::build_func(&mut m, "f", &[], &[i8], Loc::UNKNOWN);
        let loc = m.layer_loc("conv2d_3", "m.tflite", 12, 0);
        let mut b = Builder::at_end(&mut m, block);
        let table = b.get_global("table", ty);
        let at = b.const_index(2);
        b.set_loc(loc);
        b.call("kernel", &[table], &[]);
        let value = b.load(table, &[at]);
        b.op("func.return", &[value], &[]);
        match call(&m, &mut []) {
            Ok(values) => {
                assert!(!constant);
                assert_eq!(values, [ir::interfaces::Datum::Int(9)]);
            }
            Err(e) => {
                assert!(constant);
                let text = e.to_string();
                for part in ["kernel @kernel", "conv2d_3", "memref.store", "constant"] {
                    assert!(text.contains(part), "{text}");
                }
            }
        }
    }
}

#[test]
fn copies_must_not_overlap_and_recursion_is_found() {
    let m = function(
        |m| {
            let i8 = m.i8();
            (vec![m.memref(&[4], i8)], vec![])
        },
        |b, v| {
            b.op("memref.copy", &[v[0], v[0]], &[]);
            vec![]
        },
    );
    let result = call(&m, &mut [Argument::Buffer(vec![0; 4])]);
    assert_eq!(fault(result), Fault::OverlappingCopy);
    let m = function(
        |_| (vec![], vec![]),
        |b, _| {
            b.call("f", &[], &[]);
            vec![]
        },
    );
    let verified = ir::verify::verify(&m).unwrap_or_else(|e| panic!("{e:?}"));
    let error = Program::compile(verified).unwrap_err();
    assert_eq!(error, LoopError::Recursion("f".to_owned()));
}

#[test]
fn wrong_arguments_are_errors() {
    let m = buffer_of_four();
    let short = call(&m, &mut [Argument::Buffer(vec![0; 7]), int(0), int(0)]);
    assert!(matches!(short, Err(LoopError::Argument { index: 0, .. })));
    let swapped = call(&m, &mut [int(0), int(0), int(0)]);
    assert!(matches!(swapped, Err(LoopError::Argument { index: 0, .. })));
    assert!(matches!(
        call(&m, &mut []),
        Err(LoopError::ArgumentCount { .. })
    ));
}

/// Only active lanes are read, each in bounds and aligned; a predicate's bits are equal within a lane.
#[test]
fn lanes_of_helium() {
    let m = function(
        |m| {
            let (i16, i32, index) = (m.i16(), m.i32(), m.index());
            let memref = m.memref(&[4], i16);
            (vec![memref, index, i16], vec![i32])
        },
        |b, v| {
            let lanes = b.vldr_z(v[2], v[0], &[v[1]], 16);
            let zero = b.const_i32(0);
            vec![b.mve("vaddva", &[zero, lanes])]
        },
    );
    let buffer: Vec<u8> = [1i16, 20, 300, -4000]
        .iter()
        .flat_map(|x| x.to_le_bytes())
        .collect();
    let run = |at, predicate| {
        let buffer = Argument::Buffer(buffer.clone());
        call(&m, &mut [buffer, int(at), int(predicate)])
    };
    let sum = |at, predicate| match run(at, predicate).unwrap()[..] {
        [ir::interfaces::Datum::Int(x)] => x,
        _ => panic!("one number"),
    };
    assert_eq!(sum(0, 0x00ff), 1 + 20 + 300 - 4000);
    assert_eq!(sum(3, 0x0003), -4000);
    assert_eq!(sum(0, 0x0030), 300);
    assert_eq!(sum(9, 0), 0);
    let out = Fault::OutOfBounds {
        offset: 8,
        size: 2,
        len: 8,
    };
    assert_eq!(fault(run(0, 0x0300)), out);
    assert_eq!(fault(run(2, 0x0030)), out);
    let mixed = Fault::Undefined(Undefined::MixedPredicate);
    assert_eq!(fault(run(0, 0x0001)), mixed);
}
