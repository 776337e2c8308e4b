//! Verifier, then everything behind it: what verifies compiles or is refused, and computes what the network does.

use crate::Outcome;
use crate::session::{compiler, target};
use crate::text::{names, read};
use interp::Program;
use ir::{Module, TypeData, ValueId, WalkOrder};
use testgen::{Choices, loops, network, nn};
use thumbwright::{CompileOptions, Compiled, Io};

/// Multiplications that a network of the fuzzer's may take to be run.
const MAX_WORK: u64 = 1 << 22;

/// Bytes of constants of a fuzzer's network, which a splat can make of nothing.
const MAX_CONSTANTS: u64 = 1 << 20;

/// The first byte picks what the others are (choices of an operator, a network or a module of loops, or a module's text), the second
/// the target, the third where inputs and outputs live.
///
/// # Panics
/// If what the generators draw is refused, if the compiler says of itself that it is at fault, or if loops and network differ.
pub fn lower(data: &[u8]) -> Outcome {
    let &[kind, target, io, ref rest @ ..] = data else {
        return Outcome::refused_because("short");
    };
    let dialects = compiler().registry().dialects();
    let options = options(target, io);
    match kind % 4 {
        0 => {
            let mut c = Choices::from_bytes(rest);
            let (kind, element) = c.of(&nn::KINDS);
            let case = nn::Case::draw(&mut c, kind, element);
            drawn(case.build(dialects), &case.inputs(0), &options)
        }
        1 => {
            let net = network::Network::draw(&mut Choices::from_bytes(rest));
            drawn(net.build(dialects), &net.inputs(0), &options)
        }
        2 => {
            let case = loops::Case::new(Choices::from_bytes(rest), loops::Features::ALL);
            placed(&case.build(dialects))
        }
        _ => written(rest, &options),
    }
}

fn options(choice: u8, io: u8) -> CompileOptions {
    CompileOptions {
        tuning: if io & 1 == 0 { Io::Arena } else { Io::Caller }.into(),
        verify_each: true,
        ..CompileOptions::for_target(target(choice))
    }
}

/// What a generator drew compiles.
fn drawn(network: Module, inputs: &[Vec<u8>], options: &CompileOptions) -> Outcome {
    match compiler().compile_network("fuzz", network.clone(), options, &mut ()) {
        Ok(compiled) => {
            emitted(&compiled);
            same_results(&network, &compiled, inputs);
            Outcome::accepted((options.tuning.io == Io::Arena, names(&network)))
        }
        Err(e) => panic!("{e}\n{}", ir::text::print_module(&network)),
    }
}

/// A module of loops that a generator drew runs without a fault.
fn placed(m: &Module) -> Outcome {
    let verified = match ir::verify::verify(m) {
        Ok(verified) => verified,
        Err(errors) => panic!("{errors}\n{}", ir::text::print_module(m)),
    };
    let program =
        Program::compile(verified).unwrap_or_else(|e| panic!("{e}\n{}", ir::text::print_module(m)));
    let inputs = loops::inputs(m, 0);
    let inputs: Vec<&[u8]> = inputs.iter().map(Vec::as_slice).collect();
    if let Err(e) = program.run(&inputs) {
        panic!("{e}\n{}", ir::text::print_module(m));
    }
    Outcome::accepted(names(m))
}

/// A module that someone wrote compiles or is refused.
fn written(text: &[u8], options: &CompileOptions) -> Outcome {
    let Ok(text) = std::str::from_utf8(text) else {
        return Outcome::refused_because("no UTF-8");
    };
    let m = match read(text, false) {
        Ok(m) => m,
        Err(errors) => return Outcome::refused(&errors),
    };
    if constants(&m) > MAX_CONSTANTS {
        return Outcome::refused_because("megabytes of constants, which take long to write");
    }
    match compiler().compile_network("fuzz", m.clone(), options, &mut ()) {
        Ok(compiled) => {
            emitted(&compiled);
            if let Some(inputs) = zero_inputs(&m) {
                same_results(&m, &compiled, &inputs);
            }
            Outcome::accepted((names(&m), names(compiled.module())))
        }
        Err(e) => {
            assert!(!e.is_bug(), "{e}\n{text}");
            assert!(e.0.has_errors(), "refused without an error");
            Outcome::refused(&e.0)
        }
    }
}

/// The C can be written, or there is an error that says why not.
fn emitted(compiled: &Compiled) {
    match compiled.c_files() {
        Ok(files) => assert!(!files.is_empty()),
        Err(e) => assert!(e.0.has_errors(), "no C, and no error"),
    }
}

/// The placed loops compute what the network does.
fn same_results(network: &Module, compiled: &Compiled, inputs: &[Vec<u8>]) {
    let Ok(expected) = thumbwright::runtime::interpret(network, inputs.to_vec()) else {
        return;
    };
    let verified = ir::verify::verify(compiled.module()).unwrap_or_else(|e| panic!("{e}"));
    let refs: Vec<&[u8]> = inputs.iter().map(Vec::as_slice).collect();
    let found = Program::compile(verified).and_then(|p| p.run(&refs));
    let found = found.unwrap_or_else(|e| panic!("{e}\n{}", ir::text::print_module(network)));
    assert!(
        found == expected.outputs,
        "loops and network differ:\n{}",
        ir::text::print_module(network)
    );
}

/// Bytes of all constants.
fn constants(m: &Module) -> u64 {
    let ops = m.walk(m.root(), WalkOrder::Pre).into_iter();
    let constants = ops.filter(|&op| m.op_name(op) == ir::dialects::nn::ConstantOp::NAME);
    constants
        .flat_map(|op| m.results(op))
        .filter_map(|&v| m.size_bytes(m.value_type(v)))
        .fold(0, u64::saturating_add)
}

/// Inputs of zeros for `@main`, if running it is cheap.
fn zero_inputs(m: &Module) -> Option<Vec<Vec<u8>>> {
    let size = |v: ValueId| m.size_bytes(m.value_type(v));
    let mut work = 0_u64;
    for op in m.walk(m.root(), WalkOrder::Pre) {
        let largest =
            |vs: &mut dyn Iterator<Item = ValueId>| vs.filter_map(size).max().unwrap_or(1);
        let read = largest(&mut m.operands(op));
        let written = largest(&mut m.results(op).iter().copied());
        work = work.saturating_add(read.saturating_mul(written));
    }
    let main = m.lookup_symbol("main")?;
    let arguments = m.block_args(m.entry_block(main)?);
    let tensors = arguments
        .iter()
        .all(|&v| matches!(m.type_data(m.value_type(v)), TypeData::Tensor { .. }));
    if !tensors || work > MAX_WORK {
        return None;
    }
    arguments
        .iter()
        .map(|&v| Some(vec![0; usize::try_from(size(v)?).ok()?]))
        .collect()
}
