//! Single ops and networks: they verify, run in the interpreter, and `mlir-opt` prints them as we do.
#![allow(clippy::unwrap_used, reason = "tests")]

use ir::DialectRegistry;
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::sync::Arc;
use testgen::network::Network;
use testgen::nn::{Bias, Case, Element, Op};

fn registry() -> Arc<DialectRegistry> {
    let mut r = DialectRegistry::builder();
    ir::dialects::register_all(&mut r).unwrap();
    interp::register(&mut r).unwrap();
    Arc::new(r.freeze())
}

/// Verifies and runs a network; the outputs.
fn check(network: &Network, registry: &Arc<DialectRegistry>) -> Vec<Vec<u8>> {
    let m = network.build(registry);
    if let Err(e) = ir::verify::verify(&m) {
        panic!("{network:#?}\n{}\n{e:?}", ir::text::print_module(&m));
    }
    let outputs =
        interp::run_nn(&m, &network.inputs(0)).unwrap_or_else(|e| panic!("{network:#?}\n{e}"));
    for (&v, bytes) in network.outputs.iter().zip(&outputs) {
        assert_eq!(bytes.len(), network.tensor(v).bytes());
        if network.tensor(v).element == Element::F32 {
            let mut floats = bytes
                .chunks_exact(4)
                .map(|b| f32::from_le_bytes(b.try_into().unwrap()));
            assert!(floats.all(f32::is_finite), "{network:#?}");
        }
    }
    outputs
}

#[test]
fn cases_verify_and_run() {
    let registry = registry();
    for case in testgen::nn::cases(1, 4600) {
        check(&case.network(), &registry);
    }
}

#[test]
fn networks_verify_and_run() {
    let registry = registry();
    for network in testgen::network::networks(2, 2000) {
        check(&network, &registry);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn drawn_cases_verify_and_run(case in testgen::nn::strategy()) {
        check(&case.network(), &registry());
    }

    #[test]
    fn drawn_networks_verify_and_run(network in testgen::network::strategy()) {
        check(&network, &registry());
    }

    /// Also what proptest shrinks to and what a fuzzer makes.
    #[test]
    fn any_bytes_make_a_network(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let network = Network::draw(&mut testgen::Choices::from_bytes(&bytes));
        check(&network, &registry());
    }
}

#[test]
fn a_seed_says_everything() {
    assert_eq!(testgen::nn::cases(3, 50), testgen::nn::cases(3, 80)[..50]);
    assert_ne!(testgen::nn::cases(3, 50), testgen::nn::cases(4, 50));
    assert_eq!(
        testgen::network::networks(3, 5),
        testgen::network::networks(3, 9)[..5]
    );
    let case = &testgen::nn::cases(3, 1)[0];
    let text = || ir::text::print_module(&case.build(&registry()));
    assert_eq!(text(), text());
    assert_eq!(case.inputs(1), case.inputs(1));
    assert_ne!(case.inputs(1), case.inputs(2));
}

/// What a set of cases has to exercise, by name.
fn features(case: &Case) -> Vec<String> {
    let mut found = Vec::new();
    let mut add = |what: &str| found.push(format!("{}: {what}", case.name()));
    let scale = |e: Element| match e {
        Element::I8(q) => f64::from(q.scale),
        Element::F32 | Element::I32 => 1.0,
    };
    if let Element::I8(q) = case.outputs[0].element {
        if [-128, 127].contains(&q.zero_point) {
            add("output zero point at an extreme");
        }
    }
    match &case.op {
        Op::Conv2d {
            filter,
            window,
            activation,
        }
        | Op::DepthwiseConv2d {
            filter,
            window,
            activation,
        } => {
            if *activation != "none" {
                add("activation");
            }
            if window.dilations != [1, 1] && window.pads != [0; 4] {
                add("dilation with padding");
            }
            if window.strides[0] != window.strides[1] {
                add("unequal strides");
            }
            if window.pads[0] != window.pads[1] {
                add("asymmetric padding");
            }
            if filter.shape[3] > case.inputs[0].shape[3] {
                add("depth multiplier");
            }
            if filter.bias == Bias::None {
                add("no bias");
            }
            if filter.scales.len() > 1 {
                add("per axis");
            }
            if let [s] = filter.scales[..] {
                add("one scale");
                let real =
                    scale(case.inputs[0].element) * f64::from(s) / scale(case.outputs[0].element);
                if real > 1.0 {
                    add("multiplier above one");
                }
                if real < 2f64.powi(-33) {
                    add("multiplier zero");
                }
            }
        }
        Op::FullyConnected { filter, .. } => {
            if filter.zero_point != 0 {
                add("filter zero point");
            }
            if case.outputs[0].shape.len() > 2 {
                add("dimensions kept");
            }
        }
        Op::AveragePool2d { window, .. } | Op::MaxPool2d { window, .. }
            if window.pads != [0; 4] =>
        {
            add("padding");
        }
        Op::Add {
            constant,
            constant_first,
            ..
        } => match (constant, case.operands.as_slice()) {
            (Some(_), _) if *constant_first => add("constant first"),
            (Some(t), _) if t.shape.is_empty() => add("scalar constant"),
            (Some(_), _) => add("constant second"),
            (None, [0, 0]) => add("itself"),
            (None, _) if case.inputs[0].shape != case.inputs[1].shape => add("broadcast"),
            (None, _) => add("equal shapes"),
        },
        Op::Concatenation { axis } | Op::Split { axis } => {
            let contiguous = case.inputs[0].shape[..*axis].iter().all(|&d| d == 1);
            add(if contiguous { "contiguous" } else { "runs" });
            if case.operands.len() + case.outputs.len() > 3 {
                add("several parts");
            }
        }
        _ => {}
    }
    found
}

#[test]
fn the_cases_exercise_what_matters() {
    let found: BTreeSet<String> = testgen::nn::cases(5, 600 * testgen::nn::KINDS.len())
        .iter()
        .flat_map(features)
        .collect();
    let mut wanted = Vec::new();
    for op in ["conv_2d", "depthwise_conv_2d"] {
        for what in [
            "activation",
            "dilation with padding",
            "unequal strides",
            "asymmetric padding",
            "no bias",
        ] {
            wanted.extend([format!("{op}_i8: {what}"), format!("{op}_f32: {what}")]);
        }
        for what in [
            "per axis",
            "one scale",
            "multiplier above one",
            "multiplier zero",
            "output zero point at an extreme",
        ] {
            wanted.push(format!("{op}_i8: {what}"));
        }
    }
    for what in [
        "depthwise_conv_2d_i8: depth multiplier",
        "fully_connected_i8: filter zero point",
        "fully_connected_f32: dimensions kept",
    ] {
        wanted.push(what.to_owned());
    }
    for what in [
        "constant first",
        "constant second",
        "scalar constant",
        "itself",
        "broadcast",
        "equal shapes",
    ] {
        wanted.extend([format!("add_i8: {what}"), format!("add_f32: {what}")]);
    }
    for op in ["concatenation", "split"] {
        for what in ["contiguous", "runs", "several parts"] {
            wanted.extend([format!("{op}_i8: {what}"), format!("{op}_f32: {what}")]);
        }
    }
    for what in ["average_pool_2d_i8", "max_pool_2d_f32"] {
        wanted.push(format!("{what}: padding"));
    }
    let missing: Vec<_> = wanted.iter().filter(|w| !found.contains(*w)).collect();
    assert!(missing.is_empty(), "not drawn: {missing:#?}");
}

#[test]
fn networks_have_every_form_of_output() {
    let mut found = [0; 5];
    for n in testgen::network::networks(6, 400) {
        let inputs = n.inputs.len();
        let used = |v: usize| n.nodes.iter().any(|node| node.operands.contains(&v));
        let dead = |v: usize| !used(v) && !n.outputs.contains(&v);
        found[0] += usize::from(n.outputs.iter().any(|&v| v < inputs));
        found[1] += usize::from(n.outputs.iter().any(|&v| v >= inputs && used(v)));
        found[2] +=
            usize::from((0..n.outputs.len()).any(|i| n.outputs[..i].contains(&n.outputs[i])));
        found[3] += usize::from((inputs..n.value_count()).any(dead));
        found[4] += usize::from(n.nodes.iter().any(|node| node.operands.len() == 2));
    }
    assert!(found.iter().all(|&n| n >= 10), "{found:?}");
}

/// Results of int8 ops are not all one value: the drawn quantisation lets something through.
#[test]
fn most_int8_results_vary() {
    let registry = registry();
    let (mut varied, mut all) = (0, 0);
    for case in testgen::nn::cases(8, 540) {
        if matches!(case.outputs[0].element, Element::I8(_)) && case.outputs[0].len() >= 8 {
            let out = &check(&case.network(), &registry)[0];
            let distinct: BTreeSet<u8> = out.iter().copied().collect();
            all += 1;
            varied += usize::from(distinct.len() > 2);
        }
    }
    assert!(varied * 10 > all * 6, "{varied} of {all}");
}

#[test]
fn mlir_opt_prints_the_same() {
    if !prerequisites::programs("mlir_opt_prints_the_same (tensors)", &["mlir-opt-19"]) {
        return;
    }
    let registry = registry();
    let cases = testgen::nn::cases(9, 54).into_iter().map(|c| c.network());
    for network in cases.chain(testgen::network::networks(9, 14)) {
        let text = ir::text::print_module(&network.build(&registry));
        let theirs = prerequisites::mlir_opt(&text, &["--mlir-print-debuginfo"]).unwrap();
        assert_eq!(text, theirs);
    }
}
