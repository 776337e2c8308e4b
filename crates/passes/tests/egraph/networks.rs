//! The pass on whole networks.

use crate::draw::Instance;
use crate::draw::net::{Moves, Net};
use crate::registry;
use ir::Module;
use pass::{ManagerOptions, PassCx, Pipeline, Registry};
use passes::egraph::measure::Goal;
use passes::front::{Front, Point};
use testgen::network;

/// Runs the pass; the module, its remarks, and how many equalities were found.
fn rewrite(registry: &Registry, m: &Module, options: &str) -> (Module, Vec<String>, u64) {
    let mut m = m.clone();
    let mut cx = PassCx::new(registry, registry.targets().get("cortex-m4").unwrap());
    let pipeline = format!("builtin.module(func.func(rewrite-graph{options}))");
    let pipeline = Pipeline::parse(&pipeline).unwrap();
    let manager = ManagerOptions {
        verify_each: true,
        allow_unregistered: true,
        ..ManagerOptions::default()
    };
    let done = pass::run_pipeline(&pipeline, &mut m, &mut cx, manager, &mut ());
    assert!(done.is_ok(), "{}", cx.diagnostics);
    let remarks = cx.diagnostics.iter().map(|d| d.message.clone()).collect();
    let found = cx.statistics.get("rewrite-graph", "equalities");
    (m, remarks, found)
}

fn parse(registry: &Registry, source: &str) -> Module {
    let options = ir::text::ParseOptions {
        allow_unregistered: true,
    };
    let m = ir::text::parse(source, "test.mlir", registry.dialects().clone(), &options);
    m.unwrap_or_else(|e| panic!("{e}\n{source}"))
}

#[test]
fn random_networks_compute_the_same() {
    let registry = registry();
    let mut rewritten = 0;
    for (i, net) in network::networks(7, 300).into_iter().enumerate() {
        let before = net.build(registry.dialects());
        for options in ["", "{optimize-for=latency}", "{optimize-for=ram}"] {
            let (after, remarks, _) = rewrite(&registry, &before, options);
            let inputs = net.inputs(0);
            let text = ir::text::print_module(&before);
            assert_eq!(
                interp::run_nn(&after, &inputs),
                interp::run_nn(&before, &inputs),
                "network {i} {options}\n{text}"
            );
            if remarks.is_empty() {
                assert_eq!(ir::text::print_module(&after), text);
            }
            rewritten += remarks.len();
            // Nothing depends on anything but the input.
            let (again, ..) = rewrite(&registry, &before, options);
            assert_eq!(
                ir::text::print_module(&again),
                ir::text::print_module(&after)
            );
        }
    }
    assert!(rewritten > 100, "{rewritten}");
}

const CHAIN: &str = r#"
"builtin.module"() ({
  "func.func"() <{sym_name = "main", function_type = (tensor<1x8x!quant.uniform<i8:f32, 0.5:0>>) -> tensor<1x8x!quant.uniform<i8:f32, 0.3:7>>}> ({
  ^bb0(%x: tensor<1x8x!quant.uniform<i8:f32, 0.5:0>>):
    %0 = "nn.dequantize"(%x) : (tensor<1x8x!quant.uniform<i8:f32, 0.5:0>>) -> tensor<1x8xf32>
    %1 = "nn.relu"(%0) : (tensor<1x8xf32>) -> tensor<1x8xf32>
    MIDDLE
    %2 = "nn.quantize"(%1) : (tensor<1x8xf32>) -> tensor<1x8x!quant.uniform<i8:f32, 0.3:7>>
    "func.return"(%2) : (tensor<1x8x!quant.uniform<i8:f32, 0.3:7>>) -> ()
  }) : () -> ()
}) : () -> ()
"#;

#[test]
fn a_chain_becomes_a_table() {
    let registry = registry();
    let m = parse(&registry, &CHAIN.replace("MIDDLE", ""));
    let (after, remarks, _) = rewrite(&registry, &m, "{optimize-for=latency explain=true}");
    let text = ir::text::print_module(&after);
    assert!(
        text.contains("nn.lookup_table") && !text.contains("nn.relu"),
        "{text}"
    );
    assert!(remarks[0].starts_with("rewritten: "), "{remarks:?}");
    assert!(
        remarks[0].ends_with("no rule has anything to add"),
        "{remarks:?}"
    );
    assert!(
        remarks.contains(&"`nn.lookup_table` is here by unary-chain-as-table".to_owned()),
        "{remarks:?}"
    );
    let disabled = "{optimize-for=latency disable=unary-chain-as-table}";
    let (after, remarks, _) = rewrite(&registry, &m, disabled);
    assert_eq!(ir::text::print_module(&after), ir::text::print_module(&m));
    assert!(remarks.is_empty(), "{remarks:?}");
}

/// What is not known is not looked through, and stays.
#[test]
fn an_op_that_is_not_known_stays_outside() {
    let registry = registry();
    let middle = r#""acme.look"(%1) : (tensor<1x8xf32>) -> ()"#;
    let m = parse(&registry, &CHAIN.replace("MIDDLE", middle));
    let (after, _, found) = rewrite(&registry, &m, "{optimize-for=latency}");
    assert!(found > 0);
    let text = ir::text::print_module(&after);
    assert!(
        text.contains("acme.look") && text.contains("nn.relu"),
        "{text}"
    );
    let middle = r#"%n = "acme.change"(%1) : (tensor<1x8xf32>) -> tensor<1x8xf32>"#;
    let changed = CHAIN.replace("MIDDLE", middle);
    let changed = changed.replace(r#""nn.quantize"(%1)"#, r#""nn.quantize"(%n)"#);
    let m = parse(&registry, &changed);
    let (after, _, found) = rewrite(&registry, &m, "{optimize-for=latency}");
    assert_eq!(
        (ir::text::print_module(&after), found),
        (ir::text::print_module(&m), 0)
    );
}

/// A network as exporters write it whose images have channels first: each window between transposes, its padding before it, activations
/// alone, a sum every other block; at the end the mean of each channel, and a layer on them.
fn channels_first(registry: &Registry, blocks: usize) -> Instance {
    let mut choices = testgen::Choices::from_seed(blocks as u64);
    let mut net = Net::new(registry, &mut choices);
    let elem = net.i8();
    let mut x = net.input(&[1, 4, 16, 16], elem);
    let moves = Moves {
        kernel: [3, 3],
        strides: [1, 1],
        dilations: [1, 1],
        pads: [0; 4],
    };
    for block in 0..blocks {
        let image = net.transpose(x, &[0, 2, 3, 1]);
        let padded = net.pad(image, &[0, 0, 1, 1, 1, 1, 0, 0], None);
        let y = match block % 2 {
            0 => net.convolution_of(4, padded, &moves, true),
            _ => net.depthwise_of(1, padded, &moves, true),
        };
        let y = net.transpose(y, &[0, 3, 1, 2]);
        let (shape, elem) = (net.shape(y), net.elem(y));
        let y = net.op("relu", &[y], &[], &shape, elem);
        x = if block % 2 == 1 { net.add(x, y) } else { y };
    }
    let image = net.transpose(x, &[0, 2, 3, 1]);
    let all = Moves {
        kernel: [16, 16],
        ..moves
    };
    let mean = net.pool("average_pool_2d", image, &all);
    let mean = net.transpose(mean, &[0, 3, 1, 2]);
    let flat = net.reshape(mean, &[1, 4]);
    let y = net.fully_connected(flat, 4, true);
    net.returning(&[y])
}

/// Of a network of some two hundred and fifty ops only the transpose of its input is left and no activation, where cycles count, and no pad but for
/// a few whose copy the portable schedules' estimates prefer to a border; and rules come to an end.
#[test]
fn layouts_and_pads_vanish() {
    let registry = registry();
    for blocks in [1, 2, 36] {
        let net = channels_first(&registry, blocks);
        let latency = "{optimize-for=latency}";
        let (after, remarks, _) = rewrite(&registry, &net.module, latency);
        let text = ir::text::print_module(&after);
        assert!(
            remarks[0].ends_with("no rule has anything to add"),
            "{remarks:?}"
        );
        let count = |name: &str| text.matches(&format!("\"{name}\"")).count();
        let left = (count("nn.transpose"), count("nn.relu"));
        assert_eq!(left, (1, 0), "{blocks} blocks\n{text}");
        assert!(count("nn.pad") <= blocks / 8, "{blocks} blocks\n{text}");
        assert_eq!(
            interp::run_nn(&after, &net.inputs),
            interp::run_nn(&net.module, &net.inputs)
        );
    }
}

/// The networks that could be taken: none beats another one, the given one is no better than what was taken by the goal, and what is nearest to
/// a budget is taken.
#[test]
fn the_best_of_the_front_is_taken() {
    let registry = registry();
    let (mut fronts, mut tight) = (0, 0);
    for net in network::networks(11, 150) {
        let before = net.build(registry.dialects());
        for (name, goal) in [
            ("balanced", Goal::Balanced),
            ("latency", Goal::Latency),
            ("ram", Goal::Ram),
            ("flash", Goal::Flash),
        ] {
            let options = format!("{{optimize-for={name}}}");
            let points = front(&rewrite(&registry, &before, &options).0);
            if points.is_empty() {
                continue;
            }
            fronts += 1;
            for p in &points {
                assert!(!points.iter().any(|q| q.measure.dominates(p.measure)));
            }
            let taken: Vec<_> = points.iter().filter(|p| p.taken).collect();
            assert!(taken.len() <= 1, "{points:?}");
            if let (Some(taken), Some(given)) = (taken.first(), points.iter().find(|p| p.given)) {
                assert!(goal.key(taken.measure) <= goal.key(given.measure));
            }
            if goal != Goal::Balanced {
                let best = points.iter().map(|p| goal.key(p.measure)).min();
                assert_eq!(taken.first().map(|p| goal.key(p.measure)), best);
            }
            let Some(least) = points.iter().map(|p| p.measure.ram).min() else {
                continue;
            };
            // With a budget, networks are measured by their plans and not by estimates.
            let budget = least - least / 4;
            let options = format!("{{optimize-for={name} ram-budget={budget}}}");
            let within = front(&rewrite(&registry, &before, &options).0);
            let excess = |p: &Point| p.measure.ram.saturating_sub(budget);
            let taken = within.iter().find(|p| p.taken).map(excess);
            assert_eq!(taken, within.iter().map(excess).min(), "{within:?}");
            tight += usize::from(within.len() > 1);
        }
    }
    assert!(fronts > 20 && tight > 3, "{fronts} {tight}");
}

fn front(m: &Module) -> Vec<Point> {
    Front::read(m, m.lookup_symbol("main").unwrap()).points
}

/// The first candidate is the best by the shares of the given network; more never make the result worse.
#[test]
fn more_candidates_are_no_worse() {
    let registry = registry();
    let taken = |m: &Module| {
        let points = front(m);
        points.into_iter().find(|p| p.taken).map(|p| p.measure)
    };
    let mut better = 0;
    for net in network::networks(13, 100) {
        let before = net.build(registry.dialects());
        for (name, goal) in [
            ("latency", Goal::Latency),
            ("ram", Goal::Ram),
            ("flash", Goal::Flash),
        ] {
            let with = |candidates: u32| {
                let options = format!("{{optimize-for={name} candidates={candidates}}}");
                taken(&rewrite(&registry, &before, &options).0)
            };
            if let (Some(few), Some(many)) = (with(1), with(16)) {
                assert!(goal.key(many) <= goal.key(few));
                better += usize::from(many != few);
            }
        }
    }
    assert!(better > 0);
}

/// Nothing depends on a hash seed or on a thread: two threads, each with its own seed for what the standard library hashes, make the same bytes.
#[test]
fn every_run_makes_the_same_bytes() {
    let run = || {
        let registry = registry();
        let mut texts = Vec::new();
        for family in testgen::cells::Family::ALL {
            let before = testgen::cells::stacked(family, 2, 8, 4, 1).build(registry.dialects());
            let (after, remarks, found) = rewrite(&registry, &before, "");
            texts.push((ir::text::print_module(&after), remarks, found));
        }
        texts
    };
    let others = [std::thread::spawn(run), std::thread::spawn(run)];
    let here = run();
    assert!(here.iter().any(|(_, _, found)| *found > 0));
    for other in others {
        assert!(other.join().unwrap() == here);
    }
}
