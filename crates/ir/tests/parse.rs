//! The parser: what it reads prints back the same, ours and `mlir-opt-19`'s.
#![allow(clippy::unwrap_used, reason = "tests")]

mod modules;

use ir::text::{ParseOptions, parse, print_module};
use ir::{AttrData, Module, TypeData, ValueDef, WalkOrder};
use modules::{loops, network, registry};
use prerequisites::mlir_opt;
use testgen::loops::Features;

const LENIENT: ParseOptions = ParseOptions {
    allow_unregistered: true,
};

fn read(text: &str) -> Module {
    read_with(text, &ParseOptions::default())
}

fn read_with(text: &str, options: &ParseOptions) -> Module {
    parse(text, "t.mlir", registry(), options).unwrap_or_else(|e| panic!("{e}\n{text}"))
}

/// `print∘parse∘print = print`, and what is read has the same ops in the same order with the same number of uses.
fn assert_round_trip(m: &Module) {
    let text = print_module(m);
    let again = read(&text);
    assert_eq!(print_module(&again), text);
    let summary = |m: &Module| -> Vec<(String, usize, Vec<usize>)> {
        m.walk(m.root(), WalkOrder::Pre)
            .into_iter()
            .map(|op| {
                let uses = m.results(op).iter().map(|&v| m.uses(v).len()).collect();
                (m.op_name(op).to_owned(), m.operands(op).len(), uses)
            })
            .collect()
    };
    assert_eq!(summary(&again), summary(m));
    ir::verify::verify(&again).unwrap_or_else(|e| panic!("{e}\n{text}"));
}

#[test]
fn built_modules_print_parse_and_print_the_same() {
    assert_round_trip(&network());
    assert_round_trip(&loops());
}

#[test]
fn random_modules_print_parse_and_print_the_same() {
    let registry = registry();
    for seed in 0..200 {
        for case in testgen::network::networks(seed, 1) {
            assert_round_trip(&case.build(&registry));
        }
        for case in testgen::nn::cases(seed, 1) {
            assert_round_trip(&case.build(&registry));
        }
        for case in testgen::loops::cases(Features::ALL, seed, 1) {
            assert_round_trip(&case.build(&registry));
        }
    }
}

/// What `mlir-opt-19` prints of random modules, with locations and without, is read and printed back.
#[test]
fn the_oracles_print_parses_and_prints_the_same() {
    if !prerequisites::programs(
        "the_oracles_print_parses_and_prints_the_same",
        &["mlir-opt-19"],
    ) {
        return;
    }
    let registry = registry();
    let mut all = vec![network(), loops()];
    all.extend((0..6).map(|seed| testgen::network::networks(seed, 1)[0].build(&registry)));
    all.extend((0..6).map(|seed| testgen::nn::cases(seed, 1)[0].build(&registry)));
    all.extend(
        (0..6).map(|seed| testgen::loops::cases(Features::ALL, seed, 1)[0].build(&registry)),
    );
    for m in all {
        let ours = print_module(&m);
        let with_locations = mlir_opt(&ours, &["--mlir-print-debuginfo"]).unwrap();
        assert_eq!(print_module(&read(&with_locations)), with_locations);
        let without = mlir_opt(&ours, &[]).unwrap();
        let again = print_module(&read(&without));
        assert_eq!(mlir_opt(&again, &[]).unwrap(), without);
    }
}

/// A text with everything that the dialects' own modules do not have: unregistered ops, opaque types and attributes.
const STRANGE: &str = r##"
"builtin.module"() ({
  %0:2 = "acme.two"() {acme.mode = #acme.mode<a, "b>", [1 -> 2]>} : () -> (!acme.token<x, (y) -> z>, i32)
  "acme.use"(%0#1, %0#0) <{flag, list = [1 : i32, 2.500000e+00 : f32, @sym, @"a b", "s\0A\22", unit, {a, b = true}]}> ({
  }, {
  ^bb0(%arg0: !acme.plain, %arg1: memref<?x4xvector<4xi8>>):
    "acme.inner"(%arg0) : (!acme.plain) -> ()
    "acme.inner"(%0#0) : (!acme.token<x, (y) -> z>) -> ()
  }) {acme.x = array<i8: 1, 2>, d = dense<[[1, -2], [3, 4]]> : tensor<2x2xi16>, e = dense<> : tensor<0x3xf32>, s = dense<true> : vector<4xi1>, "key with space" = () -> (), f = ((i32) -> i64, index) -> (), n = none} : (i32, !acme.token<x, (y) -> z>) -> ()
}) {acme.on_the_module} : () -> ()
"##;

#[test]
fn unregistered_ops_types_and_attributes_pass_through() {
    let m = read_with(STRANGE, &LENIENT);
    let printed = print_module(&m);
    let again = read_with(&printed, &LENIENT);
    assert_eq!(print_module(&again), printed);
    for piece in [
        "#acme.mode<a, \"b>\", [1 -> 2]>",
        "!acme.token<x, (y) -> z>",
        "\"acme.use\"(%0#1, %0#0) <{flag, list = [1 : i32, 2.500000e+00 : f32, @sym, @\"a b\", \"s\\0A\\22\", unit, {a, b = true}]}>",
        "acme.x = array<i8: 1, 2>",
        "dense<[[1, -2], [3, 4]]> : tensor<2x2xi16>",
        "e = dense<> : tensor<0x3xf32>",
        "s = dense<true> : vector<4xi1>",
        "\"key with space\" = () -> ()",
        "f = ((i32) -> i64, index) -> ()",
    ] {
        assert!(printed.contains(piece), "{piece} in\n{printed}");
    }
}

#[test]
fn the_oracle_reads_strange_texts_as_we_do() {
    if !prerequisites::programs("the_oracle_reads_strange_texts_as_we_do", &["mlir-opt-19"]) {
        return;
    }
    let ours = print_module(&read_with(STRANGE, &LENIENT));
    assert_eq!(
        mlir_opt(&ours, &[]).unwrap(),
        mlir_opt(STRANGE, &[]).unwrap()
    );
    assert_eq!(mlir_opt(&ours, &["--mlir-print-debuginfo"]).unwrap(), ours);
}

/// Every literal, and the normal form that `mlir-opt-19` gives it.
const LITERALS: &str = r##"
"a.b"() {
  a = 1, b = -1 : i8, c = 255 : i8, d = 0xFF : i8, e = -9223372036854775808, f = 0xFFFFFFFFFFFFFFFF, g = 3 : index, h = 1 : i1, i = 0 : i1,
  j = 1.0, k = -2.5e-3 : f32, l = 0x7FC00000 : f32, m = 0x7FF0000000000000 : f64, n = 1.0e300 : f64, o = 16777216.0 : f32,
  p = dense<[1.0, 0x3F800000, -0.0]> : tensor<3xf32>, q = dense<"0x0100FF7F"> : tensor<2xi16>, r = dense<"0x05"> : tensor<7xi8>,
  s = dense<2> : tensor<3xindex>, t = dense<[true, false, 1]> : tensor<3xi1>, u = dense<[[[1], [2]]]> : tensor<1x2x1xi64>,
  v = array<i64>, w = array<i64: 1, -2>, x = array<i32: 7>, y = dense<[]> : tensor<0xi8>, z = "\n\t\\\"\41",
  q1 = !quant.uniform<i8:f32, 0.5:-3>, q2 = !quant.uniform<u8:f32, 1.0e-9>, q3 = tensor<2x3x!quant.uniform<i8<-127:127>:f32:1, {0.1, 0.2:1, 3.0}>>,
  aa = #arith.overflow< nsw,nuw >, ab = #arith.fastmath<nnan , contract>, ac = dense<5> : tensor<i8>, ag = 1.5 : f16, ah = 1.1 : bf16, ai = dense<[0.1, 65504.0]> : tensor<2xf16>, aj = dense<"0x02"> : tensor<3xi1>, ad = 33 : i33, ae = -1 : i1, af = true
} : () -> ()
"##;

/// More than a hundred elements print as one hexadecimal string, which packs the bits of `i1` and leaves no padding.
#[test]
fn long_constants_of_odd_widths_have_the_oracles_values() {
    const TEST: &str = "long_constants_of_odd_widths_have_the_oracles_values";
    if !prerequisites::programs(TEST, &["mlir-opt-19"]) {
        return;
    }
    let list = |element: &dyn Fn(i64) -> String| {
        let all: Vec<String> = (0..101).map(element).collect();
        all.join(", ")
    };
    let bits = list(&|i| (i % 3 == 0).to_string());
    let signed = list(&|i| (i - 50).to_string());
    let floats = list(&|i| format!("{i}.25"));
    let mut text = format!("\"a.b\"() {{a = dense<[{bits}]> : tensor<101xi1>");
    for (i, elem) in ["i7", "i8", "i12", "i24", "i33", "i64", "index"]
        .iter()
        .enumerate()
    {
        text += &format!(", b{i} = dense<[{signed}]> : tensor<101x{elem}>");
    }
    for (i, elem) in ["f16", "bf16", "f32", "f64"].iter().enumerate() {
        text += &format!(", c{i} = dense<[{floats}]> : tensor<101x{elem}>");
    }
    text += "} : () -> ()";
    let theirs = mlir_opt(&text, &[]).unwrap();
    let ours = print_module(&read_with(&text, &LENIENT));
    assert_eq!(mlir_opt(&ours, &[]).unwrap(), theirs);
    assert_eq!(mlir_opt(&ours, &["--mlir-print-debuginfo"]).unwrap(), ours);
    let again = print_module(&read_with(&theirs, &LENIENT));
    assert_eq!(mlir_opt(&again, &[]).unwrap(), theirs);
}

#[test]
fn literals_have_the_oracles_values() {
    if !prerequisites::programs("literals_have_the_oracles_values", &["mlir-opt-19"]) {
        return;
    }
    let ours = print_module(&read_with(LITERALS, &LENIENT));
    assert_eq!(
        mlir_opt(&ours, &[]).unwrap(),
        mlir_opt(LITERALS, &[]).unwrap()
    );
    assert_eq!(mlir_opt(&ours, &["--mlir-print-debuginfo"]).unwrap(), ours);
}

#[test]
fn aliases_stand_for_what_they_are_wherever_they_are_used() {
    let m = read_with(
        r##"
        // A comment, and definitions before their uses.
        !t = tensor<2xi8>
        !f = (!t) -> !t
        #one = 1 : i32
        #list = [#one, #one, @x]
        #here = loc("here"("f.cc":1:2))
        #both = loc(fused<"tag">[#here, "there", callsite("a" at #here)])
        %0 = "acme.a"() {list = #list, f = !f} : () -> !t loc(#both)
        "acme.b"(%0) : (!t) -> () loc(#later)
        "acme.c"() : () -> () loc(fused[unknown, #later])
        #later = loc("later")
        "##,
        &LENIENT,
    );
    let ops: Vec<_> = m.ops(m.body()).collect();
    let text = print_module(&m);
    assert!(
        text.contains("{f = (tensor<2xi8>) -> tensor<2xi8>, list = [1 : i32, 1 : i32, @x]}"),
        "{text}"
    );
    assert_eq!(
        m.layer_name(m.op_loc(ops[0])).as_deref(),
        Some("here + there + a")
    );
    assert_eq!(m.layer_name(m.op_loc(ops[1])).as_deref(), Some("later"));
    assert_eq!(m.layer_name(m.op_loc(ops[2])).as_deref(), Some("later"));
}

#[test]
fn an_op_without_a_location_gets_that_of_its_name() {
    let m = read_with(
        "\"a.a\"() : () -> ()\n  %x = \"a.b\"() : () -> i32\n",
        &LENIENT,
    );
    let places: Vec<_> = m
        .ops(m.body())
        .map(|op| m.describe_loc(m.op_loc(op)))
        .collect();
    assert_eq!(
        places,
        [Some("t.mlir:1:1".to_owned()), Some("t.mlir:2:8".to_owned())]
    );
}

/// The verifier says what is wrong with the order; the parser connects the use with the definition.
#[test]
fn regions_have_as_many_blocks_as_labels() {
    let m = read_with(
        "\"a.b\"() ({ \"a.c\"() : () -> ()\n^x:  // no predecessors\n^y(%a: i8):\n\"a.d\"(%a) : (i8) -> () }, {}, {^z:}) : () -> ()",
        &LENIENT,
    );
    let op = m.ops(m.body()).next().unwrap();
    let blocks: Vec<usize> = m.regions(op).iter().map(|&r| m.blocks(r).len()).collect();
    assert_eq!(blocks, [3, 0, 1]);
}

#[test]
fn uses_before_definitions_are_connected() {
    let m = read_with(
        "\"a.use\"(%x#1, %y) : (i32, f32) -> ()\n%x:2, %y = \"a.def\"() : () -> (i8, i32, f32)",
        &LENIENT,
    );
    let ops: Vec<_> = m.ops(m.body()).collect();
    assert_eq!(ops.len(), 2);
    let defs: Vec<_> = m.operands(ops[0]).map(|v| m.value_def(v)).collect();
    assert_eq!(
        defs,
        [ValueDef::Result(ops[1], 1), ValueDef::Result(ops[1], 2)]
    );
    let codes = ir::verify::verify(&m).map(|_| ()).unwrap_err();
    assert!(codes.iter().any(|d| d.code == "V012"), "{codes}");
}

#[test]
fn attributes_of_registered_ops_are_inherent_wherever_they_stand() {
    let old = read(
        r##"%0 = "arith.constant"() {value = 1 : i32, acme.note} : () -> i32
        %1 = "arith.addi"(%0, %0) {overflowFlags = #arith.overflow<nsw>} : (i32, i32) -> i32"##,
    );
    let ops: Vec<_> = old.ops(old.body()).collect();
    assert_eq!(old.props(ops[0]).len(), 1);
    assert_eq!(old.discardables(ops[0]).len(), 1);
    let flags = old.prop(ops[1], "overflowFlags").unwrap();
    assert_eq!(
        *old.attr_data(flags),
        AttrData::Opaque("#arith.overflow<nsw>".to_owned())
    );
    assert!(ir::dialects::arith::is_nsw(&old, ops[1]));
}

#[test]
fn resources_keep_bytes_and_alignment() {
    let m = read_with(
        r##""a.b"() {v = dense_resource<blob> : tensor<3xi8>} : () -> ()
        {-#
          dialect_resources: { builtin: { blob: "0x1000000001ff7F", unused: "0x01000000" } },
          external_resources: { mlir_reproducer: { pipeline: "builtin.module(cse)", verify_each: true, n: [1, "a"] } }
        #-}"##,
        &LENIENT,
    );
    let op = m.ops(m.body()).next().unwrap();
    let a = m.discardable(op, "v").unwrap();
    let (ty, bytes) = m.attr_elements(a).unwrap();
    assert_eq!(&bytes[..], [1, 0xFF, 0x7F]);
    assert!(matches!(m.type_data(ty), TypeData::Tensor { .. }));
    let AttrData::Resource { key, .. } = *m.attr_data(a) else {
        panic!("a resource");
    };
    assert_eq!(m.resource(key).unwrap().align, 16);
}
