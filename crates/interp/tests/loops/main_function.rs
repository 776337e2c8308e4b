//! `@main` as the pipeline leaves it: with buffers of its own, and placed in an arena.

use super::module;
use interp::loops::{Fault, LoopError, POISON, Program};
use ir::{Builder, Loc, Module, OpState, dialects::func};

/// `main(in, out)`: `scratch[i] = in[i] + 1; out[i] = scratch[3 − i]`, the buffers in the arena at the
/// offsets given, or allocated.
fn reverse(offsets: Option<[i64; 3]>) -> Module {
    let mut m = module();
    let i8 = m.i8();
    let ty = m.memref(&[4], i8);
    let arena_ty = m.memref(&[12], i8);
    if offsets.is_some() {
        let (name, visibility) = (m.str_attr("arena"), m.str_attr("private"));
        let (type_attr, unit) = (m.type_attr(arena_ty), m.unit_attr());
        let align = m.i64_attr(16);
        let state = OpState::new("memref.global")
            .prop("sym_name", name)
            .prop("sym_visibility", visibility)
            .prop("type", type_attr)
            .prop("initial_value", unit)
            .prop("alignment", align);
        let op = m.create(state);
        let body = m.body();
        m.append(body, op);
    }
    let (main, block) = func::build_func(&mut m, "main", &[ty, ty], &[], Loc::UNKNOWN);
    let count = m.i64_attr(1);
    m.set_discardable(main, "mcu.inputs", count);
    let args = m.block_args(block).to_vec();
    let mut b = Builder::at_end(&mut m, block);
    let scratch = match offsets {
        Some([_, scratch, _]) => {
            let arena = b.get_global("arena", arena_ty);
            let at = b.const_index(scratch);
            let view = b.op("memref.view", &[arena, at], &[ty]);
            b.m.result(view, 0)
        }
        None => b.alloc(ty, "scratch"),
    };
    b.for_range(0, 4, 1, &[], |b, i, _| {
        let x = b.load(args[0], &[i]);
        let one = b.const_int(1, i8);
        let y = b.addi(x, one);
        b.store(y, scratch, &[i]);
        vec![]
    });
    b.for_range(0, 4, 1, &[], |b, i, _| {
        let three = b.const_index(3);
        let from = b.subi(three, i);
        let x = b.load(scratch, &[from]);
        b.store(x, args[1], &[i]);
        vec![]
    });
    b.op("func.return", &[], &[]);
    if let Some([input, _, output]) = offsets {
        let (input, output) = (m.i64_attr(input), m.i64_attr(output));
        func::set_arg_attr(&mut m, main, 0, "mcu.offset", input);
        func::set_arg_attr(&mut m, main, 1, "mcu.offset", output);
    }
    m
}

fn run(m: &Module, input: &[u8]) -> Result<Vec<Vec<u8>>, LoopError> {
    let verified = ir::verify::verify(m).unwrap_or_else(|e| panic!("{e:?}"));
    Program::compile(verified)?.run(&[input])
}

#[test]
fn with_buffers_of_its_own() {
    let m = reverse(None);
    assert_eq!(run(&m, &[1, 2, 3, 4]), Ok(vec![vec![5, 4, 3, 2]]));
    let verified = ir::verify::verify(&m).unwrap_or_else(|e| panic!("{e:?}"));
    let program = Program::compile(verified).unwrap();
    let run = program.run_counted(&[&[0; 4]]).unwrap();
    assert_eq!(run.outputs, [[1; 4]]);
    assert!(run.steps > 30 && run.steps < 100, "{}", run.steps);
    assert!(matches!(
        program.run(&[]),
        Err(LoopError::ArgumentCount { expected: 1, .. })
    ));
    assert!(matches!(
        program.run(&[&[0; 5]]),
        Err(LoopError::Argument { index: 0, .. })
    ));
}

#[test]
fn placed_in_an_arena() {
    // The output takes the input's place, whose last use is over.
    assert_eq!(
        run(&reverse(Some([0, 4, 0])), &[1, 2, 3, 4]),
        Ok(vec![vec![5, 4, 3, 2]])
    );
    assert_eq!(
        run(&reverse(Some([8, 0, 4])), &[1, 2, 3, 4]),
        Ok(vec![vec![5, 4, 3, 2]])
    );
    // A plan that lets scratch and output overlap gives another result: the arena is really shared.
    assert_eq!(
        run(&reverse(Some([8, 0, 0])), &[1, 2, 3, 4]),
        Ok(vec![vec![5, 4, 4, 5]])
    );
    let outside = run(&reverse(Some([9, 0, 4])), &[1, 2, 3, 4]);
    assert!(matches!(outside, Err(LoopError::Argument { index: 0, .. })));
}

#[test]
fn memory_is_poisoned_and_main_must_say_its_inputs() {
    let mut m = module();
    let i8 = m.i8();
    let ty = m.memref(&[2], i8);
    let (main, block) = func::build_func(&mut m, "main", &[ty], &[], Loc::UNKNOWN);
    let mut b = Builder::at_end(&mut m, block);
    b.op("func.return", &[], &[]);
    let verify = |m: &Module| ir::verify::verify(m).map(|_| ()).unwrap();
    verify(&m);
    let program =
        Program::compile(ir::verify::verify(&m).unwrap_or_else(|e| panic!("{e:?}"))).unwrap();
    assert!(matches!(program.run(&[]), Err(LoopError::Signature { .. })));
    drop(program);
    let zero = m.i64_attr(0);
    m.set_discardable(main, "mcu.inputs", zero);
    let program =
        Program::compile(ir::verify::verify(&m).unwrap_or_else(|e| panic!("{e:?}"))).unwrap();
    assert_eq!(program.run(&[]), Ok(vec![vec![POISON; 2]]));
    let _ = Fault::WriteToConstant;
}
