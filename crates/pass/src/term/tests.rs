use super::*;

#[test]
fn what_is_read_prints_back() {
    for text in [
        "?x",
        "(nn.relu ?x)",
        "(nn.max_pool_2d :kernel [2 2] :activation \"none\" (nn.conv_2d ?x ..))",
        "(as ?t (nn.softmax :beta ?b (nn.add ?x ?x)))",
        "(nn.concatenation :axis -1 ?x ?y ..)",
    ] {
        let term = Term::parse(text).unwrap_or_else(|e| panic!("{text}: {e}"));
        assert_eq!(term.to_string(), text);
    }
}

#[test]
fn spaces_and_comments_do_not_matter() {
    let term = Term::parse("; a pool\n(nn.relu ; of\n   ?x)\n").unwrap();
    assert_eq!(term.to_string(), "(nn.relu ?x)");
}

#[test]
fn errors_say_where() {
    for (text, wanted) in [
        (
            "",
            "1:1: wanted a term: a variable, as `?x`, or an op in parentheses, found the end",
        ),
        (
            "(nn.relu ?x",
            "1:12: wanted a term: a variable, as `?x`, or an op in parentheses, found the end",
        ),
        (
            "(nn.relu\n  :a [1 x] ?x)",
            "2:9: wanted a number or `]`, found `x`",
        ),
        ("(nn.relu ?x) ?y", "1:14: wanted the end, found `?y`"),
        (
            "(nn.relu ?x :beta 1)",
            "1:13: wanted an operand: attributes come before, found `:beta`",
        ),
        ("(nn.relu :a 1 :a 2 ?x)", "1:15: `:a` is there twice"),
        ("(as ?t ?x)", "1:2: `as` names the type of an op's result"),
        (
            "(nn.relu ?)",
            "1:10: `?` is no name: letters, digits, `_`, `-` follow the first character",
        ),
        ("(nn.relu :a \"x ?x)", "1:13: the quotation does not end"),
        (
            "(nn.relu :a 99999999999999999999 ?x)",
            "1:13: `99999999999999999999` is no number",
        ),
        (
            "(?x)",
            "1:2: wanted the full name of an op, or `as`, found `?x`",
        ),
    ] {
        let error = Term::parse(text).expect_err(text);
        assert_eq!(error.to_string(), wanted, "{text}");
    }
}

#[test]
fn depth_is_limited() {
    let deep = format!("{}?x{}", "(a ".repeat(40), ")".repeat(40));
    let error = Term::parse(&deep).expect_err("40 terms");
    assert!(error.message.contains("nested too deep"), "{error}");
}
