//! Every pass on random modules: the interpreter computes the same, wherever fuel ends; a second run of an idempotent pass changes
//! nothing, and the same input gives the same output.

use crate::{registry, run};
use interp::Program;
use ir::rewrite::Fuel;
use ir::{Module, text};
use pass::{ManagerOptions, PassCx, Pipeline, Registry};
use testgen::{loops, network};

const PASSES: [&str; 9] = [
    "canonicalize",
    "fold-constants",
    "fold-constants{allow-growth=true}",
    "cse",
    "dce",
    "symbol-dce",
    "inline{max-ops=30}",
    "loop-invariant-code-motion",
    "simplify-affine-index",
];

const TOGETHER: [&str; 2] = [
    "canonicalize,cse,loop-invariant-code-motion,simplify-affine-index,canonicalize,dce,symbol-dce",
    "inline{max-ops=1000},simplify-affine-index,fold-constants,cse,canonicalize,symbol-dce",
];

type Outputs = Vec<Vec<Vec<u8>>>;

fn outputs(m: &Module, samples: &[Vec<Vec<u8>>], of_network: bool) -> Outputs {
    let run = |inputs: &Vec<Vec<u8>>| {
        if of_network {
            return interp::run_nn(m, inputs).unwrap();
        }
        let verified = ir::verify::verify(m).unwrap_or_else(|e| panic!("{e}"));
        let slices: Vec<&[u8]> = inputs.iter().map(Vec::as_slice).collect();
        let result = Program::compile(verified).unwrap().run(&slices);
        result.unwrap_or_else(|e| panic!("{e}\n{}", text::print_module(m)))
    };
    samples.iter().map(run).collect()
}

fn check(registry: &Registry, before: &Module, samples: &[Vec<Vec<u8>>], of_network: bool) {
    let expected = outputs(before, samples, of_network);
    for passes in PASSES.into_iter().chain(TOGETHER) {
        let pipeline = format!("builtin.module({passes})");
        let mut m = before.clone();
        run(registry, &mut m, &pipeline);
        let now = outputs(&m, samples, of_network);
        assert_eq!(now, expected, "{pipeline}\n{}", text::print_module(before));
        let first = text::print_module(&m);
        let mut again = before.clone();
        run(registry, &mut again, &pipeline);
        assert_eq!(
            text::print_module(&again),
            first,
            "{pipeline} is not deterministic"
        );
        let name = passes.split('{').next().unwrap();
        if registry.pass(name).is_some_and(|p| p.idempotent) {
            let revision = m.revision();
            run(registry, &mut m, &pipeline);
            assert_eq!(
                text::print_module(&m),
                first,
                "{pipeline} is not idempotent"
            );
            assert_eq!(
                m.revision(),
                revision,
                "{pipeline} changed something and back"
            );
        }
        // After every prefix of the changes.
        let mut fuel = 1;
        while fuel < 40 {
            let mut m = before.clone();
            let mut cx = PassCx::new(registry, registry.targets().get("host").unwrap());
            cx.fuel = Fuel::limited(fuel);
            let options = ManagerOptions {
                verify_each: true,
                ..ManagerOptions::default()
            };
            let pipeline = Pipeline::parse(&pipeline).unwrap();
            let result = pass::run_pipeline(&pipeline, &mut m, &mut cx, options, &mut ());
            assert!(result.is_ok(), "{}", cx.diagnostics);
            assert!(cx.fuel.used() <= fuel);
            assert_eq!(
                outputs(&m, samples, of_network),
                expected,
                "{pipeline} with fuel {fuel}"
            );
            fuel = fuel * 2 + 1;
        }
    }
}

#[test]
fn loops_compute_the_same() {
    let registry = registry();
    let mut inlined = 0;
    for (i, case) in loops::cases(loops::Features::ALL, 31, 30)
        .into_iter()
        .enumerate()
    {
        let m = case.build(registry.dialects());
        let samples: Vec<Vec<Vec<u8>>> = (0..2).map(|s| loops::inputs(&m, s + i as u64)).collect();
        check(&registry, &m, &samples, false);
        let mut m = m;
        inlined += run(&registry, &mut m, "builtin.module(inline)").get("inline", "inlined");
    }
    assert!(inlined > 10, "{inlined}");
}

#[test]
fn networks_compute_the_same() {
    let registry = registry();
    for net in network::networks(5, 30) {
        let m = net.build(registry.dialects());
        let samples: Vec<Vec<Vec<u8>>> = (0..2).map(|s| net.inputs(s)).collect();
        check(&registry, &m, &samples, true);
    }
}
