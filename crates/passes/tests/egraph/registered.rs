//! Rules and accelerators of third parties: what they add to the e-graph, and what a pass makes of it.

use crate::registry;
use ir::rewrite::pattern;
use ir::text::{ParseOptions, parse, print_module};
use ir::{Builder, Diagnostic, Module, OpId, OpRef, OpState};
use pass::{
    Accelerator, Cost, KernelBuilder, Knobs, ManagerOptions, PassCx, Pipeline, Registry,
    RewriteRule, Schedule, run_pipeline,
};
use target::Target;

/// A network of float operators on `tensor<1x64xf32>`, one a line.
fn network(body: &str) -> String {
    format!(
        r#""func.func"() <{{function_type = (tensor<1x64xf32>) -> tensor<1x64xf32>, sym_name = "main"}}> ({{
        ^bb0(%x: tensor<1x64xf32>):
        {body}
        }}) : () -> ()"#
    )
    .replace("-> T", "-> tensor<1x64xf32>")
    .replace("(T)", "(tensor<1x64xf32>)")
    .replace("(T, T)", "(tensor<1x64xf32>, tensor<1x64xf32>)")
}

/// What `rewrite-graph` makes of a network.
fn rewritten(registry: &Registry, text: &str, options: &str) -> Module {
    let dialects = registry.dialects().clone();
    let mut m =
        parse(text, "t.mlir", dialects, &ParseOptions::default()).unwrap_or_else(|e| panic!("{e}"));
    let before = m.clone();
    let target = registry.targets().get("cortex-m4").unwrap();
    let mut cx = PassCx::new(registry, target);
    let pipeline = format!("builtin.module(func.func(rewrite-graph{{{options}}}))");
    let pipeline = Pipeline::parse(&pipeline).unwrap();
    let manager = ManagerOptions {
        verify_each: true,
        ..ManagerOptions::default()
    };
    run_pipeline(&pipeline, &mut m, &mut cx, manager, &mut ())
        .unwrap_or_else(|_| panic!("{}", cx.diagnostics));
    let inputs: Vec<Vec<u8>> = vec![
        (0..64)
            .flat_map(|i| ((i as f32 - 32.0) / 3.0).to_le_bytes())
            .collect(),
    ];
    assert_eq!(
        interp::run_nn(&m, &inputs),
        interp::run_nn(&before, &inputs),
        "{}",
        print_module(&m)
    );
    m
}

fn with(add: impl FnOnce(&mut pass::RegistryBuilder)) -> Registry {
    let mut r = Registry::builder(target::Targets::builtin());
    ir::dialects::register_all(&mut r.dialects).unwrap();
    interp::register(&mut r.dialects).unwrap();
    passes::register(&mut r).unwrap();
    add(&mut r);
    r.freeze()
}

const CLAMPS: &str = r#"
    %0 = "nn.relu"(%x) : (T) -> T
    %1 = "nn.relu6"(%0) : (T) -> T
    "func.return"(%1) : (T) -> ()"#;

const RULE: &str = "(rule acme.relu6-of-relu (left (nn.relu6 (as ?t (nn.relu ?x)))) (right (nn.relu6 ?x)) (when (same-type ?x ?t)))";

#[test]
fn a_rule_in_text_is_used_and_can_be_left_out() {
    let text = network(CLAMPS);
    let plain = print_module(&rewritten(&registry(), &text, ""));
    assert!(plain.contains("nn.relu\""), "{plain}");
    let registry = with(|r| {
        r.rules("acme.rules", RULE).unwrap();
    });
    let found = print_module(&rewritten(&registry, &text, ""));
    assert!(
        !found.contains("nn.relu\"") && found.contains("nn.relu6"),
        "{found}"
    );
    let without = rewritten(&registry, &text, "disable=acme.relu6-of-relu");
    assert_eq!(print_module(&without), plain);
}

#[test]
fn a_fast_rule_wants_permission() {
    let registry = with(|r| {
        r.rules(
            "acme.rules",
            &RULE.replace("-relu (left", "-relu fast (left"),
        )
        .unwrap();
    });
    let text = network(CLAMPS);
    let strict = print_module(&rewritten(&registry, &text, ""));
    assert!(strict.contains("nn.relu\""), "{strict}");
    let fast = print_module(&rewritten(&registry, &text, "fast-math=true"));
    assert!(!fast.contains("nn.relu\""), "{fast}");
}

#[test]
fn a_rule_by_a_function_is_used() {
    fn without_relu(m: &mut Module, relu6: OpId) -> Option<()> {
        let inner = m.operand(relu6, 0);
        let relu = m.defining_op(inner)?;
        let x = m.operand(relu, 0);
        (m.value_type(x) == m.value_type(inner)).then_some(())?;
        let ty = m.value_type(m.result(relu6, 0));
        let new = OpState::new("nn.relu6").operands(&[x]).results(&[ty]);
        let new = Builder::before(m, relu6).insert(new);
        let y = m.result(new, 0);
        m.replace_op(relu6, &[y]);
        Some(())
    }
    let registry = with(|r| {
        let p = pattern(
            "acme.p",
            "nn.relu6",
            "relu6(relu(x)) = relu6(x)",
            without_relu,
        );
        let rule = RewriteRule::function("(nn.relu6 (nn.relu ?x))", p).unwrap();
        r.rewrite_rule(rule).unwrap();
    });
    let found = print_module(&rewritten(&registry, &network(CLAMPS), ""));
    assert!(!found.contains("nn.relu\""), "{found}");
}

#[test]
fn names_are_unique() {
    with(|r| {
        r.rules("acme.rules", RULE).unwrap();
        let again = r.rules("acme.rules", RULE).map(|_| ()).unwrap_err();
        assert!(again.to_string().contains("registered twice"), "{again}");
        let taken = RULE.replace("acme.relu6-of-relu", "idle-activation");
        let taken = r.rules("acme.rules", &taken).map(|_| ()).unwrap_err();
        assert!(taken.to_string().contains("idle-activation"), "{taken}");
    });
}

/// Computes softmax and relu, at so many cycles a claim; claims of several results if it is to.
struct Unit {
    cycles: u64,
    several: bool,
}

impl Schedule for Unit {
    fn name(&self) -> &str {
        "unit"
    }
    fn op(&self) -> &str {
        "nn.offload"
    }
    fn applies(&self, claim: OpRef<'_>, _: &Target) -> Result<(), String> {
        match claim.results().len() {
            1 => Ok(()),
            _ if self.several => Ok(()),
            n => Err(format!("{n} results")),
        }
    }
    fn cost(&self, _: OpRef<'_>, _: &Knobs, _: &Target) -> Cost {
        Cost {
            cycles: self.cycles,
            ..Cost::default()
        }
    }
    fn lower(
        &self,
        _: OpId,
        _: &Knobs,
        _: &Target,
        _: &mut KernelBuilder<'_>,
    ) -> Result<(), Diagnostic> {
        Err(Diagnostic::error("unit.U001", "not here"))
    }
}

fn unit(cycles: u64) -> Registry {
    unit_that(Unit {
        cycles,
        several: false,
    })
}

fn unit_that(unit: Unit) -> Registry {
    with(|r| {
        let unit = Accelerator::new("A unit.", unit);
        let unit = unit.claim("(nn.softmax ?x) (nn.relu ?x)").unwrap();
        r.accelerator(unit).unwrap();
    })
}

const CHAIN: &str = r#"
    %0 = "nn.softmax"(%x) <{beta = 1.0 : f32}> : (T) -> T
    %1 = "nn.relu"(%0) : (T) -> T
    %2 = "nn.softmax"(%1) <{beta = 1.0 : f32}> : (T) -> T
    "func.return"(%2) : (T) -> ()"#;

/// The middle value is needed by the core, too.
const SHARED: &str = r#"
    %0 = "nn.softmax"(%x) <{beta = 1.0 : f32}> : (T) -> T
    %1 = "nn.softmax"(%0) <{beta = 1.0 : f32}> : (T) -> T
    %2 = "nn.add"(%0, %1) <{activation = "none"}> : (T, T) -> T
    "func.return"(%2) : (T) -> ()"#;

#[test]
fn claims_that_feed_each_other_become_one() {
    let text = print_module(&rewritten(&unit(10), &network(CHAIN), "with=unit"));
    assert_eq!(text.matches("\"nn.offload\"").count(), 1, "{text}");
    let inside = text.split("nn.offload").nth(1).unwrap();
    assert_eq!(inside.matches("\"nn.softmax\"").count(), 2, "{text}");
}

#[test]
fn a_union_that_the_accelerator_refuses_stays_apart() {
    let text = print_module(&rewritten(&unit(10), &network(SHARED), "with=unit"));
    assert_eq!(text.matches("\"nn.offload\"").count(), 2, "{text}");
}

/// Two that read one value, and the core between them.
const SIBLINGS: &str = r#"
    %0 = "nn.add"(%x, %x) <{activation = "none"}> : (T, T) -> T
    %1 = "nn.softmax"(%0) <{beta = 1.0 : f32}> : (T) -> T
    %2 = "nn.add"(%0, %x) <{activation = "none"}> : (T, T) -> T
    %3 = "nn.softmax"(%0) <{beta = 0.5 : f32}> : (T) -> T
    %4 = "nn.add"(%1, %3) <{activation = "none"}> : (T, T) -> T
    %5 = "nn.add"(%2, %4) <{activation = "none"}> : (T, T) -> T
    "func.return"(%5) : (T) -> ()"#;

#[test]
fn claims_that_read_one_value_become_one_where_that_costs_less() {
    let offloads = |cycles, several, body: &str| {
        let registry = unit_that(Unit { cycles, several });
        let text = print_module(&rewritten(&registry, &network(body), "with=unit"));
        text.matches("\"nn.offload\"").count()
    };
    assert_eq!(offloads(10, true, SIBLINGS), 1);
    assert_eq!(offloads(0, true, SIBLINGS), 2, "it costs the same");
    assert_eq!(offloads(10, false, SIBLINGS), 2, "it has two results");
    // What the core makes of the first result is needed by the second.
    let between = SIBLINGS.replace(
        "nn.softmax\"(%0) <{beta = 0.5",
        "nn.softmax\"(%2) <{beta = 0.5",
    );
    let dependent = between.replace("nn.add\"(%0, %x)", "nn.add\"(%1, %0)");
    assert_eq!(offloads(10, true, &dependent), 2);
}

#[test]
fn what_is_dearer_or_not_asked_for_is_not_claimed() {
    let chain = network(CHAIN);
    for (cycles, options) in [(1 << 40, "with=unit"), (10, "")] {
        let text = print_module(&rewritten(&unit(cycles), &chain, options));
        assert!(!text.contains("nn.offload"), "{text}");
    }
}

#[test]
fn an_accelerator_that_is_not_there_is_an_error() {
    let registry = unit(10);
    let dialects = registry.dialects().clone();
    let mut m = parse(
        &network(CHAIN),
        "t.mlir",
        dialects,
        &ParseOptions::default(),
    )
    .unwrap();
    let target = registry.targets().get("cortex-m4").unwrap();
    let mut cx = PassCx::new(&registry, target);
    let pipeline = Pipeline::parse("builtin.module(func.func(rewrite-graph{with=unti}))").unwrap();
    let done = run_pipeline(
        &pipeline,
        &mut m,
        &mut cx,
        ManagerOptions::default(),
        &mut (),
    );
    assert!(done.is_err());
    let errors = cx.diagnostics.to_string();
    assert!(
        errors.contains("no accelerator `unti`") && errors.contains("`unit`"),
        "{errors}"
    );
}
