//! Each rule on random instances: the interpreter says that both sides are equal; and without its side condition it would be wrong.

use crate::draw::{self, Instance};
use crate::registry;
use egg::{Id, Language};
use ir::Module;
use ir::rewrite::Fuel;
use pass::{ManagerOptions, PassCx, Pipeline, Registry};
use passes::egraph::decode::decode;
use passes::egraph::encode::{Encoded, encode};
use passes::egraph::extract::{Choice, Choices};
use passes::egraph::graph::Graph;
use passes::egraph::rules;
use passes::egraph::saturate::{Conditions, saturate};
use passes::egraph::term::Term;
use passes::egraph::{Rule, Soundness};
use std::collections::BTreeSet;

/// A rule's name, and a random left side, or what looks like one.
struct Law {
    rule: &'static str,
    left: fn(&Registry, &mut testgen::Choices) -> Instance,
}

const LAWS: &[Law] = &[
    Law {
        rule: "activation-into-producer",
        left: draw::activation_behind,
    },
    Law {
        rule: "fully-connected-as-convolution",
        left: draw::fully_connected,
    },
    Law {
        rule: "convolution-as-fully-connected",
        left: draw::convolution,
    },
    Law {
        rule: "unary-chain-as-table",
        left: draw::pointwise_chain,
    },
    Law {
        rule: "sum-while-storing",
        left: draw::sum_behind_layer,
    },
    Law {
        rule: "table-while-storing",
        left: draw::table_behind_layer,
    },
];

/// Families whose sides are equal by definition: their conditions say what schedules can lower.
const BY_DEFINITION: &[&str] = &["fuse"];

const INSTANCES: u64 = 1000;

#[test]
fn every_rule_has_a_law_and_says_what_it_does() {
    let rules: Vec<&str> = rules::all().iter().map(|r| r.name).collect();
    let distinct: BTreeSet<&str> = rules.iter().copied().collect();
    assert_eq!(distinct.len(), rules.len(), "{rules:?}");
    let laws: BTreeSet<&str> = LAWS.iter().map(|l| l.rule).collect();
    assert_eq!(laws, distinct);
    for r in rules::all() {
        assert!(r.equation.contains(" = "), "{}", r.name);
        assert!(r.condition.len() > 8, "{}", r.name);
        assert!(!r.roots.is_empty(), "{}", r.name);
    }
}

#[test]
fn both_sides_are_equal() {
    let registry = registry();
    for law in LAWS {
        let rule = rule(law);
        assert_eq!(rule.soundness, Soundness::Exact, "{}", rule.name);
        let (mut applied, mut refused) = (0, 0);
        for seed in 0..INSTANCES {
            let instance = (law.left)(&registry, &mut testgen::Choices::from_seed(seed));
            let text = ir::text::print_module(&instance.module);
            assert!(ir::verify::verify(&instance.module).is_ok(), "{text}");
            // A scale may be out of what an operator takes.
            let Ok(expected) = interp::run_nn(&instance.module, &instance.inputs) else {
                continue;
            };
            let rights = right_sides(&instance.module, &rule, Conditions::Hold);
            refused += u64::from(rights.is_empty());
            applied += u64::from(!rights.is_empty());
            for right in rights {
                let now = ir::text::print_module(&right);
                assert!(ir::verify::verify(&right).is_ok(), "{text}\n{now}");
                let found = interp::run_nn(&right, &instance.inputs);
                assert_eq!(found, Ok(expected.clone()), "{}\n{text}\n{now}", rule.name);
                if BY_DEFINITION.contains(&rule.family) && seed < INSTANCES / 10 {
                    assert!(lowers(&registry, &right), "{}\n{now}", rule.name);
                }
            }
        }
        assert!(applied > INSTANCES / 5, "{}: {applied}", rule.name);
        assert!(refused > 0, "{}: {refused}", rule.name);
    }
}

/// Without the condition, some instance makes an op that cannot be, or other results.
#[test]
fn side_conditions_are_necessary() {
    let registry = registry();
    for law in LAWS {
        let rule = rule(law);
        let wrong = (0..INSTANCES).any(|seed| {
            let instance = (law.left)(&registry, &mut testgen::Choices::from_seed(seed));
            let Ok(expected) = interp::run_nn(&instance.module, &instance.inputs) else {
                return false;
            };
            let rights = right_sides(&instance.module, &rule, Conditions::Ignored);
            rights.iter().any(|right| {
                ir::verify::verify(right).is_err()
                    || (BY_DEFINITION.contains(&rule.family) && !lowers(&registry, right))
                    || interp::run_nn(right, &instance.inputs) != Ok(expected.clone())
            })
        });
        assert!(wrong, "{}", rule.name);
    }
}

/// Whether schedules lower every op.
fn lowers(registry: &Registry, m: &Module) -> bool {
    let mut m = m.clone();
    let mut cx = PassCx::new(registry, registry.targets().get("cortex-m4").unwrap());
    let pipeline = Pipeline::parse("builtin.module(lower-nn)").unwrap();
    let manager = ManagerOptions::default();
    pass::run_pipeline(&pipeline, &mut m, &mut cx, manager, &mut ()).is_ok()
}

fn rule(law: &Law) -> Rule {
    let found = rules::all().into_iter().find(|r| r.name == law.rule);
    found.unwrap_or_else(|| panic!("there is no rule {}", law.rule))
}

/// The network with each of the terms that a rule made, one at a time.
pub fn right_sides(m: &Module, rule: &Rule, conditions: Conditions) -> Vec<Module> {
    let f = m.lookup_symbol("main").unwrap();
    let block = m.entry_block(f).unwrap();
    let mut g = Graph::new(m.clone());
    let encoded = encode(&mut g, block);
    saturate(
        &mut g,
        std::slice::from_ref(rule),
        conditions,
        &mut Fuel::unlimited(),
    );
    let mut rights = Vec::new();
    for class in g.classes() {
        for term in g.egraph[class].nodes.clone() {
            if g.origin(&term).rules.is_empty() {
                continue;
            }
            let Some(choices) = with(&g, &encoded, class, &term) else {
                continue;
            };
            let (module, new) = decode(&mut g, &encoded, &choices).expect("a network");
            assert!(!new.is_empty());
            rights.push(module);
        }
    }
    rights
}

/// What is needed if a class is computed by this term, and the others by what was given, or else by what a rule made; `None` if the class is
/// not needed, or needs itself.
fn with(g: &Graph, encoded: &Encoded, class: Id, term: &Term) -> Option<Choices> {
    let mut choices = Choices::new();
    for &root in &encoded.roots {
        choose(g, root, (class, term), &mut choices, &mut Vec::new())?;
    }
    choices.contains_key(&class).then_some(choices)
}

fn choose(
    g: &Graph,
    class: Id,
    fixed: (Id, &Term),
    choices: &mut Choices,
    around: &mut Vec<Id>,
) -> Option<()> {
    let class = g.egraph.find(class);
    if choices.contains_key(&class) {
        return Some(());
    }
    if around.contains(&class) {
        return None;
    }
    around.push(class);
    let mut terms = g.egraph[class].nodes.clone();
    terms.sort_by_key(|t| g.origin(t).rules.len());
    let is_known = terms.iter().any(|t| matches!(t, Term::Constant(_)));
    if class == fixed.0 {
        terms = vec![fixed.1.clone()];
    } else if g.is_constant(class) && !is_known {
        choices.insert(class, Choice::Computed);
        around.pop();
        return Some(());
    }
    let found = terms.into_iter().find(|t| {
        t.children()
            .iter()
            .all(|&c| choose(g, c, fixed, choices, around).is_some())
    });
    around.pop();
    choices.insert(class, Choice::Term(found?));
    Some(())
}
