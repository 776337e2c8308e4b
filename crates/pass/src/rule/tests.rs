use super::*;
use ir::DialectRegistry;

fn dialects() -> ir::DialectRegistryBuilder {
    let mut b = DialectRegistry::builder();
    ir::dialects::register_all(&mut b).expect("unique names");
    b
}

const RULE: &str = "(rule acme.a (left (nn.relu6 (as ?t (nn.relu ?x)))) (right (nn.relu6 ?x)) (when (same-type ?x ?t) (or (int8 ?x) (< (dim ?x -1) 8))))";

#[test]
fn a_rule_says_what_it_is() {
    let rules = RewriteRule::parse(RULE).expect("a rule");
    let [rule] = &rules[..] else {
        panic!("one rule")
    };
    assert_eq!(rule.name(), "acme.a");
    assert_eq!(
        rule.equation(),
        "(nn.relu6 (as ?t (nn.relu ?x))) = (nn.relu6 ?x)"
    );
    assert_eq!(
        rule.condition(),
        "(same-type ?x ?t) (or (int8 ?x) (< (dim ?x -1) 8))"
    );
    assert!(!rule.is_fast());
    assert_eq!(rule.check(&dialects()), Ok(()));
    let fast = RewriteRule::parse("(rule b fast (left (nn.relu ?x)) (right (nn.relu6 ?x)))");
    assert!(fast.expect("a rule")[0].is_fast());
}

#[test]
fn errors_say_where() {
    for (text, wanted) in [
        ("(left", "1:2: wanted `rule`, found `left`"),
        ("(rule a b", "1:9: wanted `(`, found `b`"),
        (
            "(rule a (left ?x) (right ?x))",
            "1:10: the left side is an op",
        ),
        (
            "(rule a (left (nn.relu ?x)) (right (nn.relu ?y)))",
            "1:30: the left side calls no value `?y`",
        ),
        (
            "(rule a (left (nn.relu ?x)) (right (nn.relu (nn.relu ?x))))",
            "1:46: the type of `nn.relu` has to be said: (as ?t (nn.relu …))",
        ),
        (
            "(rule a (left (nn.relu ?x)) (right (nn.softmax :beta ?b ?x)))",
            "1:37: the left side calls no attribute `?b`",
        ),
        (
            "(rule a (left (nn.relu ?x)) (right (nn.relu ?x ..)))",
            "1:37: a right side has all of its operands",
        ),
        (
            "(rule a (left (nn.relu ?x)) (right (as ?x (nn.relu ?x))))",
            "1:44: the right side has the type of the left one",
        ),
        (
            "(rule a (left (nn.relu ?x)) (right ?x) (when (constant ?y)))",
            "1:46: the left side calls no value or type `?y`",
        ),
        (
            "(rule a (left (nn.relu ?x)) (right ?x) (when (is ?x)))",
            "1:47: `is` is no condition: and, or, not, constant, int8, float, same-type, =, !=, <, <=, >, >=",
        ),
        (
            "(rule a (left (nn.relu ?x)) (right ?x) (when (= (dims ?x) 1)))",
            "1:50: `dims` is no number: item, dim, rank, elements, zero-point, +, -, *, /, %",
        ),
        (
            "(rule a (left (nn.relu ?x)) (right ?x))\n(rule a (left (nn.relu ?x)) (right ?x))",
            "2:7: there are two rules `a`",
        ),
    ] {
        let error = RewriteRule::parse(text).expect_err(text);
        assert_eq!(error.to_string(), wanted, "{text}");
    }
}

#[test]
fn ops_are_those_of_the_registry() {
    let dialects = dialects();
    for (right, wanted) in [
        ("(nn.rleu ?x)", "1:37: there is no op `nn.rleu`"),
        (
            "(nn.split ?x)",
            "1:37: `nn.split` is no pure op with one result",
        ),
        (
            "(nn.offload ?x)",
            "1:37: `nn.offload` is no pure op with one result",
        ),
        ("(nn.softmax ?x)", "1:37: `nn.softmax` wants `:beta`"),
        (
            "(nn.softmax :alpha 1 ?x)",
            "1:37: `nn.softmax` has no attribute `alpha`; it has beta",
        ),
        (
            "(nn.relu ?x ?x)",
            "1:37: `nn.relu` does not take 2 operands",
        ),
    ] {
        let text = format!("(rule a (left (nn.relu ?x)) (right {right}))");
        let rules = RewriteRule::parse(&text).unwrap_or_else(|e| panic!("{text}: {e}"));
        let error = rules[0].check(&dialects).expect_err(&text);
        assert_eq!(error.to_string(), wanted, "{text}");
    }
}

const MODULE: &str = r#"
"builtin.module"() ({
  "func.func"() <{function_type = (tensor<1x4xf32>) -> tensor<1x4xf32>, sym_name = "main"}> ({
  ^bb0(%x: tensor<1x4xf32>):
    %0 = "nn.relu"(%x) : (tensor<1x4xf32>) -> tensor<1x4xf32>
    %1 = "nn.relu6"(%0) : (tensor<1x4xf32>) -> tensor<1x4xf32>
    "func.return"(%1) : (tensor<1x4xf32>) -> ()
  }) : () -> ()
}) : () -> ()
"#;

/// Whether a condition holds of the module's `relu6` of `relu` of `x`.
fn holds(condition: &str) -> bool {
    let mut m = ir::text::parse(
        MODULE,
        "t.mlir",
        std::sync::Arc::new(dialects().freeze()),
        &ir::text::ParseOptions::default(),
    )
    .expect("a module");
    let text = format!(
        "(rule a (left (nn.relu6 (as ?t (nn.relu ?x)))) (right (nn.relu6 ?x)) (when {condition}))"
    );
    let rule = RewriteRule::parse(&text).unwrap_or_else(|e| panic!("{text}: {e}"));
    let relu6 = m
        .walk(m.root(), ir::WalkOrder::Pre)
        .into_iter()
        .find(|&op| m.op_name(op) == "nn.relu6")
        .expect("it is there");
    let applied = rule[0].apply(&mut m, relu6, When::Holds).is_some();
    assert!(ir::verify::verify(&m).is_ok(), "{condition}");
    applied
}

#[test]
fn conditions_mean_what_they_say() {
    for (condition, wanted) in [
        ("", true),
        ("(same-type ?x ?t)", true),
        ("(float ?x)", true),
        ("(int8 ?x)", false),
        ("(not (int8 ?x))", true),
        ("(constant ?x)", false),
        ("(= (rank ?x) 2)", true),
        ("(= (dim ?x 1) 4)", true),
        ("(= (dim ?x -1) (elements ?t))", true),
        ("(= (dim ?x 2) 4)", false),
        // What cannot be computed does not hold, and neither does its negation.
        ("(not (= (dim ?x 2) 4))", false),
        ("(not (= (/ 1 0) 1))", false),
        ("(= (+ 1 (* 2 3)) 7)", true),
        ("(= (% 7 4) (- 5 2))", true),
        ("(or (= 1 2) (>= 2 2))", true),
        ("(and (= 1 1) (!= 2 2))", false),
        ("(= (zero-point ?x) 0)", false),
        ("(float ?x) (int8 ?x)", false),
    ] {
        assert_eq!(holds(condition), wanted, "{condition}");
    }
}
