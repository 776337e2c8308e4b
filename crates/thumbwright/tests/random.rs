//! Random single operators and random networks: every runtime must give what the interpreter gives.
#![allow(clippy::unwrap_used, reason = "tests")]

mod suite;

use proptest::prelude::*;
use std::collections::BTreeMap;
use testgen::cells::{self, Family};
use testgen::{Choices, network, nn};
use thumbwright::{Compiler, Io, OptimizeFor, PipelineOptions};

/// Single operators and networks that one firmware image holds.
const OPERATORS: usize = 300;
const NETWORKS: usize = 40;
const JOINTS: usize = 40;
const SAMPLES: u64 = 2;

fn case(name: String, network: ir::Module, sample: impl Fn(u64) -> Vec<Vec<u8>>) -> suite::Case {
    let mut inputs = sample(0);
    for i in 1..SAMPLES {
        for (all, more) in inputs.iter_mut().zip(sample(i)) {
            all.extend(more);
        }
    }
    let expected = thumbwright::runtime::interpret(&network, inputs.clone())
        .unwrap()
        .outputs;
    suite::Case {
        name,
        network,
        inputs,
        expected,
        tolerance: 0.0,
    }
}

fn cases(compiler: &Compiler, seed: u64) -> Vec<suite::Case> {
    let dialects = compiler.registry().dialects();
    let operators = nn::cases(seed, OPERATORS);
    let networks = network::networks(seed, NETWORKS);
    let mut all: Vec<suite::Case> = Vec::new();
    for (i, c) in operators.iter().enumerate() {
        all.push(case(format!("{}_{i}", c.name()), c.build(dialects), |s| {
            c.inputs(s)
        }));
    }
    for (i, n) in networks.iter().enumerate() {
        all.push(case(format!("network_{i}"), n.build(dialects), |s| {
            n.inputs(s)
        }));
    }
    for i in 0..JOINTS {
        let n = cells::joints(&mut Choices::for_case(seed, i));
        all.push(case(format!("joints_{i}"), n.build(dialects), |s| {
            n.inputs(s)
        }));
    }
    for (i, family) in Family::ALL.into_iter().enumerate() {
        let n = cells::stacked(family, 1, 4, 4, seed);
        all.push(case(format!("cell_{i}"), n.build(dialects), |s| {
            n.inputs(s)
        }));
    }
    all
}

fn run(runtime: &str) {
    if suite::available("random operators and networks", runtime) {
        let compiler = Compiler::new().unwrap();
        let cases = cases(&compiler, 1);
        suite::assert_none(
            &suite::failures(runtime, &cases, Io::Arena, &Default::default()),
            cases.len(),
        );
    }
}

macro_rules! runtimes {
    ($($test:ident $name:literal),* $(,)?) => {
        $(#[test]
        fn $test() {
            run($name);
        })*
    };
}

runtimes! {
    on_interp_loops "interp-loops",
    on_host "host",
    on_cortex_m0 "cortex-m0",
    on_cortex_m3 "cortex-m3",
    on_cortex_m4 "cortex-m4",
    on_cortex_m7 "cortex-m7",
    on_cortex_m33 "cortex-m33",
    on_cortex_m55 "cortex-m55",
}

/// Each op and type is among the cases that the cores run.
#[test]
fn the_cases_cover_every_op() {
    let mut count: BTreeMap<String, usize> = BTreeMap::new();
    for c in nn::cases(1, OPERATORS) {
        *count.entry(c.name()).or_default() += 1;
    }
    let ops: Vec<String> = count.keys().cloned().collect();
    for op in ir::dialects::nn::OPERATORS {
        let short = op.trim_start_matches("nn.");
        assert!(
            ops.iter().any(|o| o.starts_with(short)),
            "{op} is not drawn"
        );
    }
    assert!(count.values().all(|&n| n >= 5), "{count:?}");
}

/// A convolution with a window of this size on an image of 9 × 10 pixels of four to eight channels.
fn with_window(kind: nn::Kind, kernel: [i64; 2], stride: i64) -> nn::Case {
    let draw = |i| nn::Case::draw(&mut Choices::for_case(4, i), kind, nn::ElementKind::I8);
    let channels = |c: &nn::Case| c.inputs[0].shape[3];
    let found = (0..)
        .map(draw)
        .filter(|c| (4..=8).contains(&channels(c)))
        .nth((kernel[0] * 8 + kernel[1]) as usize);
    let mut case = found.unwrap();
    let (nn::Op::Conv2d { filter, window, .. } | nn::Op::DepthwiseConv2d { filter, window, .. }) =
        &mut case.op
    else {
        unreachable!("{kind:?} was drawn")
    };
    let image = [9, 10];
    (filter.shape[1], filter.shape[2]) = (kernel[0], kernel[1]);
    window.strides = [stride; 2];
    window.dilations = [1, 1];
    window.pads = [1, 1, 0, 0];
    for (d, image) in image.into_iter().enumerate() {
        let padded = image + window.pads[2 * d] + window.pads[2 * d + 1];
        case.inputs[0].shape[1 + d] = image;
        case.outputs[0].shape[1 + d] = (padded - kernel[d]) / stride + 1;
    }
    case
}

/// The C compiler finds registers for the kernels of windows of every size, which are blocks of instructions that need almost all of them.
#[test]
fn windows_of_every_size_on_cortex_m4() {
    if !suite::available("windows of every size", "cortex-m4") {
        return;
    }
    let compiler = Compiler::new().unwrap();
    let dialects = compiler.registry().dialects();
    let mut cases = Vec::new();
    for kind in [nn::Kind::Conv2d, nn::Kind::DepthwiseConv2d] {
        for i in 0..4 * 6 * 2 {
            let (kernel, stride) = ([1 + i % 4, 1 + i / 4 % 6], 1 + i / 24);
            let c = with_window(kind, kernel, stride);
            let name = format!("{}_{}x{}_{stride}", c.name(), kernel[0], kernel[1]);
            cases.push(case(name, c.build(dialects), |s| c.inputs(s)));
        }
    }
    let failures = suite::failures("cortex-m4", &cases, Io::Arena, &Default::default());
    suite::assert_none(&failures, cases.len());
}

/// Results run into operands, and dead memory is overwritten.
fn poisoned_in_place() -> PipelineOptions {
    PipelineOptions {
        optimize_for: OptimizeFor::Ram,
        in_place: Some(true),
        poison: true,
        ..PipelineOptions::default()
    }
}

/// Every buffer has bytes of its own while it lives.
fn apart() -> PipelineOptions {
    PipelineOptions {
        in_place: Some(false),
        ..PipelineOptions::default()
    }
}

/// Views of parts keep apart from what lies in dead bytes, in C too.
fn in_place(runtime: &str) {
    if suite::available("random networks in place", runtime) {
        let compiler = Compiler::new().unwrap();
        let networks = |c: &suite::Case| !c.name.contains("_i8_") && !c.name.contains("_f32_");
        let cases: Vec<suite::Case> = cases(&compiler, 2).into_iter().filter(networks).collect();
        assert!(cases.len() >= NETWORKS + JOINTS);
        let failures = suite::failures(runtime, &cases, poisoned_in_place(), &Default::default());
        suite::assert_none(&failures, cases.len());
    }
}

#[test]
fn in_place_on_host() {
    in_place("host");
}

#[test]
fn in_place_on_cortex_m4() {
    in_place("cortex-m4");
}

/// Networks of splits and concatenations.
fn joints() -> impl Strategy<Value = network::Network> {
    Choices::strategy(256).prop_map(|mut c| cells::joints(&mut c))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    /// The placed loops of a random network, compiled for a core with and one without long multiplication, with buffers apart or with results
    /// in the bytes of operands and dead memory overwritten, against the interpreter.
    #[test]
    fn placed_loops_compute_what_the_network_does(
        n in prop_oneof![network::strategy().boxed(), joints().boxed()],
        core in 0usize..2,
        in_place in any::<bool>(),
    ) {
        let compiler = Compiler::new().unwrap();
        let network = n.build(compiler.registry().dialects());
        let inputs = n.inputs(0);
        let expected = thumbwright::runtime::interpret(&network, inputs.clone()).unwrap().outputs;
        let options = thumbwright::CompileOptions {
            verify_each: true,
            tuning: if in_place { poisoned_in_place() } else { apart() },
            ..thumbwright::CompileOptions::for_target(["cortex-m0", "cortex-m4"][core])
        };
        let compiled = compiler.compile_network("random", network, &options, &mut ()).unwrap();
        let program = interp::Program::compile(ir::verify::verify(compiled.module()).unwrap()).unwrap();
        let refs: Vec<&[u8]> = inputs.iter().map(Vec::as_slice).collect();
        prop_assert_eq!(program.run(&refs).unwrap(), expected);
    }
}
