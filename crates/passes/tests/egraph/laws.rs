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

const fn law(rule: &'static str, left: fn(&Registry, &mut testgen::Choices) -> Instance) -> Law {
    Law { rule, left }
}

const LAWS: &[Law] = &[
    law("activation-into-producer", draw::activation_behind),
    law("idle-fused-activation", draw::idle_fused),
    law("idle-activation", draw::idle),
    law("activation-before-quantize", draw::before_quantize),
    law("fully-connected-as-convolution", draw::fully_connected),
    law("convolution-as-fully-connected", draw::convolution),
    law("unary-chain-as-table", draw::pointwise_chain),
    law("pad-into-convolution", draw::pad::before_convolution),
    law("pad-into-max-pool", draw::pad::before_max_pool),
    law("pad-into-average-pool", draw::pad::stepped_over),
    law("pad-of-pad", draw::pad::twice),
    law("pointwise-of-pad", draw::pad::before_pointwise),
    law("pad-of-reshape", draw::pad::behind_reshape),
    law("layers-side-by-side", draw::joining::side_by_side),
    law("transpose-in-normal-form", draw::layout::transpose),
    law("transpose-of-transpose", draw::layout::transposed_twice),
    law(
        "pointwise-of-transpose",
        draw::layout::pointwise_of_transpose,
    ),
    law("softmax-of-transpose", draw::layout::softmax_of_transpose),
    law("pad-of-transpose", draw::layout::pad_of_transpose),
    law("binary-of-transposes", draw::layout::binary_of_transposes),
    law(
        "concatenation-of-transposes",
        draw::layout::concatenation_of_transposes,
    ),
    law("window-of-transpose", draw::layout::window_of_transpose),
    law(
        "transpose-into-fully-connected",
        draw::layout::into_fully_connected,
    ),
    law(
        "transpose-into-float-fully-connected",
        draw::layout::into_float_fully_connected,
    ),
    law("pointwise-of-reshape", draw::layout::pointwise_of_reshape),
    law("softmax-of-reshape", draw::layout::softmax_of_reshape),
    law("binary-of-reshapes", draw::layout::binary_of_reshapes),
    law(
        "concatenation-of-reshapes",
        draw::layout::concatenation_of_reshapes,
    ),
    law(
        "concatenation-of-concatenation",
        draw::joining::concatenated_twice,
    ),
    law(
        "concatenation-of-split",
        draw::joining::concatenation_of_split,
    ),
    law(
        "split-of-concatenation",
        draw::joining::split_of_concatenation,
    ),
    law(
        "pointwise-of-concatenation",
        draw::joining::pointwise_of_concatenation,
    ),
    law(
        "concatenation-of-pointwise",
        draw::joining::concatenation_of_pointwise,
    ),
    law("max-pool-of-monotone", draw::window::max_pool_of_pointwise),
    law("max-pool-of-max-pool", draw::window::max_pool_twice),
    law("pool-of-image-as-row", draw::window::pool_of_image),
    law("rows-as-columns", draw::window::thin),
    law("convolution-as-depthwise", draw::window::convolution),
    law("depthwise-as-convolution", draw::window::depthwise),
    law("sum-as-bias", draw::window::sum_as_bias),
    law("sum-into-bias", draw::window::sum_into_bias),
    law("difference-into-bias", draw::window::difference_into_bias),
    law("scale-into-weights", draw::window::scale_into_weights),
    law("gather-of-everything", draw::gather::everything),
    law("gather-of-gather", draw::gather::twice),
    law("gather-of-part", draw::gather::of_part),
    law("range-as-part", draw::gather::range),
    law("gather-of-transpose", draw::gather::of_transpose),
    law("pointwise-of-gather", draw::gather::before_pointwise),
    law("gather-of-pointwise", draw::gather::behind_pointwise),
    law("convolution-of-gather", draw::gather::before_convolution),
    law("gather-of-convolution", draw::gather::behind_convolution),
    law("sum-while-storing", draw::sum_behind_layer),
    law("table-while-storing", draw::table_behind_layer),
];

/// Families whose sides are equal by definition: their conditions say what schedules can lower.
const BY_DEFINITION: &[&str] = &["fuse"];

const INSTANCES: u64 = 1000;

/// What the condition of a rule says that has none, but for the left side's form.
const NO_CONDITION: &str = "none";

/// The largest difference of floats that a fast rule may make, as a share of the largest of them, or of 1 if they are smaller.
const ROUNDING: f32 = 1e-4;

#[test]
fn every_rule_has_a_law_and_says_what_it_does() {
    let rules: Vec<&str> = rules::all().iter().map(|r| r.name).collect();
    let distinct: BTreeSet<&str> = rules.iter().copied().collect();
    assert_eq!(distinct.len(), rules.len(), "{rules:?}");
    let laws: BTreeSet<&str> = LAWS.iter().map(|l| l.rule).collect();
    assert_eq!(laws, distinct);
    for r in rules::all() {
        assert!(r.equation.contains(" = "), "{}", r.name);
        let stated = r.condition.len() > 8 || r.condition == NO_CONDITION;
        assert!(stated, "{}", r.name);
        assert!(!r.roots.is_empty(), "{}", r.name);
    }
}

/// `docs/rewrite-rules.md` lists the rules as they are; `BLESS=1` writes it.
#[test]
fn the_book_lists_the_rules() {
    let mut text = String::from(
        "# Rewrite rules\n\n\
         The rules of [`rewrite-graph`](rewriting.md), by family. This page is written from the rules themselves. *Exact* rules change no bit \
         of any result; *fast* ones may round differently, and are used with `--allow-fast-math` only. Every rule is tested on 1,000 random \
         instances, and every side condition on being necessary.\n",
    );
    let rules = rules::all();
    for (family, about) in rules::FAMILIES {
        text +=
            &format!("\n## {family}\n\n{about}\n\n| rule | equation | if | |\n|---|---|---|---|\n");
        for r in rules.iter().filter(|r| r.family == *family) {
            let class = r.soundness.name();
            text += &format!(
                "| `{}` | {} | {} | {class} |\n",
                r.name, r.equation, r.condition
            );
        }
    }
    for r in &rules {
        assert!(text.contains(&format!("| `{}` |", r.name)), "{}", r.name);
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/rewrite-rules.md");
    if std::env::var_os("BLESS").is_some_and(|v| v == "1") {
        std::fs::write(path, &text).unwrap();
    }
    let found = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        found == text,
        "docs/rewrite-rules.md is stale: BLESS=1 rewrites it"
    );
}

#[test]
fn both_sides_are_equal() {
    let registry = registry();
    let wrong: Vec<String> = LAWS
        .iter()
        .filter_map(|l| counterexample(&registry, l))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// An instance of which the two sides differ; or what is wrong with the instances as a whole.
fn counterexample(registry: &Registry, law: &Law) -> Option<String> {
    let rule = rule(law);
    let (mut applied, mut refused) = (0, 0);
    for seed in 0..INSTANCES {
        let instance = (law.left)(registry, &mut testgen::Choices::from_seed(seed));
        let text = ir::text::print_module(&instance.module);
        if let Err(e) = ir::verify::verify(&instance.module) {
            return Some(format!(
                "{}: a left side is wrong: {e:?}\n{text}",
                rule.name
            ));
        }
        // A scale may be out of what an operator takes.
        let Ok(expected) = interp::run_nn(&instance.module, &instance.inputs) else {
            continue;
        };
        let rights = right_sides(&instance.module, &rule, Conditions::Hold);
        refused += u64::from(rights.is_empty());
        applied += u64::from(!rights.is_empty());
        for right in rights {
            let found = match ir::verify::verify(&right) {
                Ok(_) => interp::run_nn(&right, &instance.inputs),
                Err(e) => {
                    let now = ir::text::print_module(&right);
                    return Some(format!("{}: {e:?}\n{text}\n{now}", rule.name));
                }
            };
            let is_equal = found
                .as_ref()
                .is_ok_and(|f| agree(rule.soundness, f, &expected));
            let by_definition = BY_DEFINITION.contains(&rule.family) && seed < INSTANCES / 10;
            if by_definition && !lowers(registry, &right) {
                let now = ir::text::print_module(&right);
                return Some(format!("{}: nothing lowers\n{now}", rule.name));
            }
            if !is_equal {
                let now = ir::text::print_module(&right);
                let (name, seed) = (rule.name, seed);
                return Some(format!(
                    "{name}, seed {seed}: {found:?} is not {expected:?}\n{text}\n{now}"
                ));
            }
        }
    }
    let enough = applied > INSTANCES / 5 && (refused > 0 || rule.condition == NO_CONDITION);
    (!enough).then(|| format!("{}: {applied} applied, {refused} refused", rule.name))
}

/// Whether results are what a rule of a soundness may make of others. A fast rule is for floats.
fn agree(soundness: Soundness, found: &[Vec<u8>], expected: &[Vec<u8>]) -> bool {
    if soundness == Soundness::Exact {
        return found == expected;
    }
    let floats = |bytes: &[u8]| -> Vec<f32> {
        let each = bytes.chunks_exact(4);
        each.map(|b| f32::from_le_bytes(b.try_into().unwrap()))
            .collect()
    };
    found.iter().zip(expected).all(|(f, e)| {
        let (f, e) = (floats(f), floats(e));
        let largest = e.iter().fold(1.0f32, |most, x| most.max(x.abs()));
        let near = |(a, b): (&f32, &f32)| {
            let odd = !a.is_finite() || !b.is_finite() || largest > 1e30;
            odd || (a - b).abs() <= ROUNDING * largest
        };
        f.len() == e.len() && f.iter().zip(&e).all(near)
    })
}

/// Without the condition, some instance makes an op that cannot be, or other results.
#[test]
fn side_conditions_are_necessary() {
    let registry = registry();
    let mut unnecessary = Vec::new();
    for law in LAWS {
        let rule = rule(law);
        if rule.condition == NO_CONDITION {
            continue;
        }
        let wrong = (0..INSTANCES).any(|seed| {
            let instance = (law.left)(&registry, &mut testgen::Choices::from_seed(seed));
            let Ok(expected) = interp::run_nn(&instance.module, &instance.inputs) else {
                return false;
            };
            let rights = right_sides(&instance.module, &rule, Conditions::Ignored);
            rights.iter().any(|right| {
                ir::verify::verify(right).is_err()
                    || (BY_DEFINITION.contains(&rule.family) && !lowers(&registry, right))
                    || !interp::run_nn(right, &instance.inputs)
                        .is_ok_and(|found| agree(rule.soundness, &found, &expected))
            })
        });
        if !wrong {
            unnecessary.push(rule.name);
        }
    }
    assert!(unnecessary.is_empty(), "{unnecessary:?}");
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

/// The network with each of the terms that a rule made, one at a time, or that it found equal to another one of the network.
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
        let terms = g.egraph[class].nodes.clone();
        let given = terms
            .iter()
            .filter(|t| g.origin(t).rules.is_empty())
            .count();
        for term in terms {
            let is_new = !g.origin(&term).rules.is_empty();
            // Terms of the network are one a class, before a rule finds two of them equal.
            if !is_new && given < 2 {
                continue;
            }
            let Some(choices) = with(&g, &encoded, class, &term) else {
                continue;
            };
            let (module, new) = decode(&mut g, &encoded, &choices).expect("a network");
            assert!(!is_new || !new.is_empty());
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
