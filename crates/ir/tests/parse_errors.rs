//! Bad texts: code, line and column of each error; several in one run.
#![allow(clippy::unwrap_used, reason = "tests")]

mod modules;

use ir::text::parse::{CODES, MAX_ERRORS};
use ir::text::{ParseOptions, parse};
use ir::{Diagnostic, Diagnostics};
use modules::registry;
use std::collections::BTreeSet;

fn errors(text: &str, allow_unregistered: bool) -> Diagnostics {
    let options = ParseOptions { allow_unregistered };
    match parse(text, "bad.mlir", registry(), &options) {
        Ok(_) => Diagnostics::new(),
        Err(e) => e,
    }
}

/// The code of an error, as it is listed.
fn listed(d: &Diagnostic) -> &'static str {
    let code = CODES.iter().find(|c| c.0 == d.code);
    code.expect("every code is listed").0
}

/// Code and place of every error.
fn found(text: &str, allow_unregistered: bool) -> Vec<(&'static str, String)> {
    errors(text, allow_unregistered)
        .iter()
        .map(|d| {
            let place = d.location.clone().unwrap();
            (
                listed(d),
                place.strip_prefix("bad.mlir:").unwrap().to_owned(),
            )
        })
        .collect()
}

/// A text in which `attribute` stands at line 1, column 17.
fn with_attr(attribute: &str) -> String {
    format!("\"a.b\"() {{value={attribute}}} : () -> ()")
}

/// A text in which `ty` stands at line 1, column 18.
fn with_type(ty: &str) -> String {
    format!("\"a.b\"() : () -> ({ty})")
}

fn op(text: &str) -> String {
    text.to_owned()
}

/// Code, text, line and column of the one error; sorted by code.
fn cases() -> Vec<(&'static str, String, &'static str)> {
    vec![
        ("S001", op("\"a.b\"() ; () -> ()"), "1:9"),
        ("S001", with_attr("§"), "1:16"),
        ("S001", op("\"a.b\"(%) : () -> ()"), "1:7"),
        ("S002", op("\"a.b\"( : () -> ()"), "1:8"),
        ("S002", op("\"a.b\"() : ()"), "1:13"),
        ("S002", op("\"a.b\"() : () -> "), "1:17"),
        ("S002", with_attr("[1 2]"), "1:19"),
        ("S002", with_attr("1 : i32 : i32"), "1:24"),
        ("S002", op("\"a.b\"() ({ \"a.c\"() : () -> ()"), "1:30"),
        ("S002", op("= 3"), "1:1"),
        ("S002", op("#a.b = 3"), "1:1"),
        ("S002", with_type("!a.b<(>)"), "1:24"),
        ("S002", with_type("!a.b<("), "1:22"),
        ("S003", with_attr("\"open"), "1:16"),
        ("S003", with_attr("\"\\q\""), "1:17"),
        ("S003", with_attr("\"\\FF\""), "1:17"),
        ("S003", with_type("!a.b<\"open"), "1:23"),
        ("S004", with_attr("128 : i7"), "1:16"),
        ("S004", with_attr("256 : i8"), "1:16"),
        ("S004", with_attr("-129 : i8"), "1:16"),
        ("S004", with_attr("18446744073709551616"), "1:16"),
        ("S004", with_attr("array<i32: 4294967296>"), "1:27"),
        ("S004", with_attr("0x100000000 : f32"), "1:16"),
        ("S004", with_type("tensor<9223372036854775808xi8>"), "1:25"),
        ("S004", op("%0:4294967296 = \"a.b\"() : () -> ()"), "1:4"),
        ("S004", op("\"a.b\"(%0#4294967296) : (i8) -> ()"), "1:9"),
        (
            "S004",
            op("\"a.b\"() : () -> () loc(\"f\":4294967296:1)"),
            "1:28",
        ),
        ("S005", with_attr(&"[".repeat(2000)), "1:115"),
        ("S006", with_attr("dense<1> : tensor<100000000xi8>"), "1:16"),
        ("S006", laughs(), "6:51"),
        ("S007", with_attr("#nowhere"), "1:16"),
        ("S007", with_type("!nowhere"), "1:18"),
        ("S007", op("\"a.b\"() : () -> () loc(#nowhere)"), "1:24"),
        ("S007", op("#a = loc(fused[#b])\n#b = loc(\"b\")"), "1:16"),
        ("S008", op("#a = 1\n#a = 2"), "2:1"),
        ("S009", with_type("i65"), "1:18"),
        ("S009", with_type("i0"), "1:18"),
        ("S009", with_type("complex<f32>"), "1:18"),
        ("S009", with_type("tensor<*xf32>"), "1:25"),
        ("S009", with_type("tensor<2xi8, #a.b>"), "1:29"),
        ("S009", with_type("memref<2xi8, 3>"), "1:29"),
        ("S009", with_type("vector<?xi8>"), "1:25"),
        ("S009", with_type("vector<2xtensor<2xi8>>"), "1:27"),
        ("S009", with_type("tensor<2xnone>"), "1:27"),
        (
            "S009",
            with_type(&format!("tensor<{}i8>", "1x".repeat(33))),
            "1:89",
        ),
        ("S009", with_type("!quant.uniform<i33:f32, 1.0>"), "1:33"),
        ("S010", with_attr("strided<[1]>"), "1:16"),
        ("S010", with_attr("@a::@b"), "1:18"),
        ("S010", with_attr("array<i128: 1>"), "1:22"),
        (
            "S010",
            op("#l = loc(\"x\")\n\"a.b\"() {value=#l} : () -> ()"),
            "2:16",
        ),
        ("S011", op("\"arith.adi\"() : () -> ()"), "1:1"),
        (
            "S012",
            op("\"func.return\"() {x = #acme.y} : () -> ()"),
            "1:22",
        ),
        (
            "S012",
            op("\"func.return\"() {x = !acme.y} : () -> ()"),
            "1:22",
        ),
        ("S013", op("module {\n}"), "1:1"),
        ("S013", op("%0 = arith.constant 1 : i32"), "1:6"),
        ("S014", op("\"a.b\"(%0) : (i8) -> ()"), "1:7"),
        (
            "S014",
            op("\"a.b\"() ({%0 = \"a.c\"() : () -> i8}) : () -> ()\n\"a.d\"(%0) : (i8) -> ()"),
            "2:7",
        ),
        (
            "S015",
            op("%0 = \"a.b\"() : () -> i8\n%0 = \"a.b\"() : () -> i8"),
            "2:1",
        ),
        (
            "S015",
            op("\"a.b\"() ({^a(%0: i8, %0: i8):}) : () -> ()"),
            "1:22",
        ),
        (
            "S016",
            op("%0 = \"a.b\"() : () -> i8\n\"a.c\"(%0) : (i16) -> ()"),
            "2:7",
        ),
        (
            "S016",
            op("%0 = \"a.b\"() : () -> i8\n\"a.c\"(%0#1) : (i8) -> ()"),
            "2:7",
        ),
        (
            "S016",
            op("\"a.c\"(%0) : (i16) -> ()\n%0 = \"a.b\"() : () -> i8"),
            "1:7",
        ),
        ("S017", op("%0:2 = \"a.b\"() : () -> i8"), "1:1"),
        ("S017", op("%0:0 = \"a.b\"() : () -> i8"), "1:4"),
        (
            "S018",
            op("%0 = \"a.b\"() : () -> i8\n\"a.c\"(%0) : () -> ()"),
            "2:13",
        ),
        ("S019", op("\"a.b\"() ({\n^x:\n^x:\n}) : () -> ()"), "3:1"),
        ("S020", op("\"a.b\"()[^x] : () -> ()"), "1:9"),
        (
            "S020",
            op("\"a.b\"() ({\n\"a.c\"()[^x, ^y, ^x] : () -> ()\n^y:\n}) : () -> ()"),
            "2:9",
        ),
        (
            "S020",
            op(
                "\"a.b\"() ({\n^x:\n\"a.c\"() ({\n\"a.d\"()[^x] : () -> ()\n}) : () -> ()\n}) : () -> ()",
            ),
            "4:9",
        ),
        ("S002", op("\"a.b\"()[] : () -> ()"), "1:9"),
        (
            "S026",
            op("\"builtin.module\"()[^x] ({}) : () -> ()"),
            "1:20",
        ),
        ("S021", op("\"a.b\"() {x = 1, x = 2} : () -> ()"), "1:17"),
        (
            "S021",
            op("%0 = \"arith.constant\"() <{value = 1 : i8}> {value = 1 : i8} : () -> i8"),
            "1:44",
        ),
        ("S022", with_attr("dense<[1, 2]> : tensor<3xi8>"), "1:16"),
        (
            "S022",
            with_attr("dense<[[1], [2, 3]]> : tensor<2x1xi8>"),
            "1:28",
        ),
        ("S022", with_attr("dense<[1, [2]]> : tensor<2xi8>"), "1:26"),
        ("S022", with_attr("dense<[[1], 2]> : tensor<2xi8>"), "1:28"),
        ("S022", with_attr("dense<> : tensor<3xi8>"), "1:16"),
        (
            "S022",
            with_attr("dense<\"0x0102\"> : tensor<3xi8>"),
            "1:22",
        ),
        ("S022", with_attr("dense<1> : memref<3xi8>"), "1:16"),
        ("S022", with_attr("dense<1> : tensor<?xi8>"), "1:16"),
        (
            "S022",
            with_attr("dense<1> : tensor<9223372036854775807x9223372036854775807xi8>"),
            "1:16",
        ),
        ("S022", with_attr("dense_resource<k> : i8"), "1:16"),
        ("S023", with_attr("1 : f32"), "1:16"),
        ("S023", with_attr("1.5 : i32"), "1:16"),
        ("S023", with_attr("1 : none"), "1:18"),
        ("S023", with_attr("-0x1 : f32"), "1:16"),
        ("S023", with_attr("dense<true> : tensor<2xi8>"), "1:22"),
        ("S023", with_type("!quant.uniform<i8:f32, 1>"), "1:41"),
        ("S024", with_attr("dense<\"00\"> : tensor<1xi8>"), "1:22"),
        ("S024", with_attr("dense<\"0x0\"> : tensor<1xi8>"), "1:22"),
        ("S024", with_attr("dense<\"0x0G\"> : tensor<1xi8>"), "1:26"),
        (
            "S025",
            op("{-# dialect_resources: {builtin: {a: \"0x01\"}} #-}"),
            "1:38",
        ),
        (
            "S025",
            op("{-# dialect_resources: {builtin: {a: \"0x03000000\"}} #-}"),
            "1:38",
        ),
        (
            "S025",
            op("{-# dialect_resources: {builtin: {a: \"0x01000000\",\na: \"0x01000000\"}} #-}"),
            "2:1",
        ),
        (
            "S025",
            op("{-# dialect_resources: {builtin: {\"a b\": \"0x01000000\"}} #-}"),
            "1:35",
        ),
        (
            "S026",
            op("\"builtin.module\"() ({}) : () -> ()\n\"a.b\"() : () -> ()"),
            "2:1",
        ),
        (
            "S026",
            op("\"builtin.module\"() ({\n^a:\n^b:\n}) : () -> ()"),
            "3:1",
        ),
        (
            "S026",
            op("\"builtin.module\"() ({\n^a(%0: i8):\n}) : () -> ()"),
            "2:4",
        ),
        (
            "S026",
            op("\"builtin.module\"() ({}, {}) : () -> ()"),
            "1:25",
        ),
        ("S026", op("\"builtin.module\"() () : () -> ()"), "1:20"),
        ("S026", op("\"builtin.module\"() ({}) : () -> i8"), "1:27"),
        ("S027", op("#a = 1\n\"a.b\"() : () -> () loc(#a)"), "2:24"),
    ]
}

/// Twelve levels of aliases, each twenty of the one before: more text than any machine holds.
fn laughs() -> String {
    let mut text = "#a0 = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]\n".to_owned();
    for i in 1..12 {
        let uses = vec![format!("#a{}", i - 1); 20].join(",");
        text += &format!("#a{i} = [{uses}]\n");
    }
    text
}

#[test]
fn each_bad_text_has_its_one_error_at_its_place() {
    for (code, text, place) in cases() {
        let strict = matches!(code, "S011" | "S012");
        let shown: String = text.chars().take(300).collect();
        assert_eq!(
            found(&text, !strict),
            [(code, place.to_owned())],
            "{shown}\n{}",
            errors(&text, !strict)
        );
    }
}

#[test]
fn every_code_has_a_case() {
    let tested: BTreeSet<&str> = cases().iter().map(|c| c.0).collect();
    let listed: Vec<&str> = CODES.iter().map(|c| c.0).collect();
    assert_eq!(tested.into_iter().collect::<Vec<_>>(), listed);
}

/// Each code says what to do, or where the other place is, in at least one of its errors.
#[test]
fn every_code_has_a_hint() {
    let mut without: BTreeSet<String> = CODES.iter().map(|c| c.0.to_owned()).collect();
    for (code, text, _) in cases() {
        let strict = matches!(code, "S011" | "S012");
        for d in &errors(&text, !strict) {
            if d.help.is_some() || !d.notes.is_empty() {
                without.remove(d.code.as_ref() as &str);
            }
        }
    }
    assert_eq!(without, BTreeSet::new());
}

#[test]
fn an_error_shows_the_line_a_caret_and_a_hint() {
    let text = "\"builtin.module\"() ({\n  %0 = \"arith.adi\"() : () -> i32\n}) : () -> ()\n";
    assert_eq!(
        errors(text, false).to_string(),
        "error[S011]: op `arith.adi` is not registered\n  --> bad.mlir:2:8\n  2 |   %0 = \"arith.adi\"() : () -> i32\n    |        ^\n  help: did you mean `arith.addi`?"
    );
}

/// One error an op, in the order of the text; uses of what a bad op defines are no further errors.
#[test]
fn the_parser_goes_on_with_the_next_op() {
    let text = r##""builtin.module"() ({
  "func.func"() <{function_type = () -> (), sym_name = "f"}> ({
    %0 = "arith.constant"() <{value = 300 : i8}> : () -> i8
    %1 = "arith.addi"(%0, %0) <{overflowFlags = #arith.overflow<none>} : (i8, i8) -> i8
    %2 = "arith.addi"(%1, %1) <{overflowFlags = #arith.overflow<none>}> : (i8, i8) -> i8
    "acme.if"(%2, %3) ({
      "acme.x"(%2) : (i16) -> ()
    }, {
      "acme.y"(%2 : (i8) -> ()
    }) {broken = } : (i8, i8) -> ()
    %4 = "arith.constant"() <{value = 3 : i8}> : () -> i8
    "func.return"(%4, ) : () -> ()
  }) : () -> ()
  "func.func"() <{function_type = () -> (), sym_name = "g"}> ({
    "func.return"(%4) : (i8) -> ()
  }) : () -> ()
}) : () -> ()
#loc = loc(oops)
"##;
    assert_eq!(
        found(text, true),
        [
            ("S004", "3:39".to_owned()),
            ("S002", "4:72".to_owned()),
            ("S016", "7:16".to_owned()),
            ("S002", "9:19".to_owned()),
            ("S002", "10:18".to_owned()),
            ("S002", "12:23".to_owned()),
            ("S014", "15:19".to_owned()),
            ("S002", "18:12".to_owned()),
        ]
    );
}

/// The region of an op whose head is wrong is skipped with the op.
#[test]
fn a_bad_head_is_one_error() {
    let text = "\"builtin.module\"() <{a = }> ({\n  %0 = \"a.b\"() : () -> i8\n}) : () -> ()\n#a = 1\n#a = 2";
    assert_eq!(
        found(text, true),
        [("S002", "1:26".to_owned()), ("S008", "5:1".to_owned())]
    );
}

#[test]
fn the_number_of_errors_is_bounded() {
    let text = "\"a.b\"(%0) : (i8) -> (oops)\n".repeat(1000);
    assert_eq!(errors(&text, true).len(), MAX_ERRORS);
}
