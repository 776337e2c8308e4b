//! `mcu.call_extern`: its text, and what its verifier refuses.
#![allow(clippy::unwrap_used, reason = "tests")]

use ir::dialects::mcu::{BufferRole, CallExternOp, ExternValue, Returned};
use ir::text::{ParseOptions, parse, print_module};
use ir::{DialectRegistry, Module, WalkOrder};
use prerequisites::mlir_opt;
use std::sync::Arc;

/// Two network ops in one call, with every form of argument.
const MODULE: &str = r#"
"builtin.module"() ({
  "func.func"() <{function_type = (memref<6xi8>, memref<2x3xi8>, memref<2xi32>, memref<16xi8>, memref<2xi8>) -> (), sym_name = "k"}> ({
  ^bb0(%in: memref<6xi8>, %weights: memref<2x3xi8>, %shift: memref<2xi32>, %work: memref<16xi8>, %out: memref<2xi8>):
    "mcu.call_extern"(%in, %weights, %shift, %work, %out) <{
      callee = "acme_dense", header = "acme/kernels.h", library = "acme-kernels", returns = "status",
      roles = ["input", "input", "table", "workspace", "output"],
      arguments = [
        {buffer = 0 : i64}, {buffer = 1 : i64, type = "const uint8_t *"}, {null}, {type = "int32_t", value = -128 : i64},
        {type = "int32_t", values = array<i64: 1, 2, 3>},
        {complete, type = "struct acme_dims", fields = [
          {name = "n", type = "int32_t", value = 1 : i64},
          {name = "tile", complete, type = "struct acme_tile", fields = [{name = "shift", buffer = 2 : i64}]}]},
        {buffer = 3 : i64, type = "void *"}, {buffer = 4 : i64}]}> ({
    ^bb0(%x: tensor<1x6x!quant.uniform<i8:f32, 0.5>>, %w: tensor<2x3x!quant.uniform<i8:f32, 0.25>>):
      %rows = "nn.reshape"(%x) : (tensor<1x6x!quant.uniform<i8:f32, 0.5>>) -> tensor<1x6x!quant.uniform<i8:f32, 0.5>>
      %half = "nn.relu"(%rows) : (tensor<1x6x!quant.uniform<i8:f32, 0.5>>) -> tensor<1x6x!quant.uniform<i8:f32, 0.5>>
      %pool = "nn.constant"() <{value = dense<[[1, 2]]> : tensor<1x2xi8>}> : () -> tensor<1x2x!quant.uniform<i8:f32, 0.5>>
      "mcu.yield"(%pool) : (tensor<1x2x!quant.uniform<i8:f32, 0.5>>) -> ()
    }) : (memref<6xi8>, memref<2x3xi8>, memref<2xi32>, memref<16xi8>, memref<2xi8>) -> ()
    "func.return"() : () -> ()
  }) : () -> ()
}) : () -> ()
"#;

fn read(text: &str) -> Module {
    let mut b = DialectRegistry::builder();
    ir::dialects::register_all(&mut b).unwrap();
    let registry = Arc::new(b.freeze());
    parse(text, "t.mlir", registry, &ParseOptions::default()).unwrap_or_else(|e| panic!("{e}"))
}

fn call(m: &Module) -> CallExternOp {
    let mut all = m.walk(m.root(), WalkOrder::Pre).into_iter();
    all.find_map(|op| CallExternOp::cast(m, op)).unwrap()
}

#[test]
fn the_view_says_what_the_text_says() {
    let m = read(MODULE);
    ir::verify::verify(&m).unwrap_or_else(|e| panic!("{e}"));
    let call = call(&m);
    assert_eq!(call.returned(&m), Some(Returned::Status));
    let operands: Vec<_> = m.operands(call.0).collect();
    assert_eq!(call.operands_as(&m, BufferRole::Input), operands[..2]);
    assert_eq!(call.operands_as(&m, BufferRole::Workspace), operands[3..4]);
    let scalar = |value| ExternValue::Scalar {
        ty: "int32_t".to_owned(),
        value,
    };
    let buffer = |operand, cast: Option<&str>| ExternValue::Buffer {
        operand,
        cast: cast.map(str::to_owned),
    };
    let tile = ExternValue::Struct {
        ty: "struct acme_tile".to_owned(),
        fields: vec![("shift".to_owned(), buffer(2, None))],
        complete: true,
    };
    let want = vec![
        buffer(0, None),
        buffer(1, Some("const uint8_t *")),
        ExternValue::Null,
        scalar(-128),
        ExternValue::Array {
            ty: "int32_t".to_owned(),
            values: vec![1, 2, 3],
        },
        ExternValue::Struct {
            ty: "struct acme_dims".to_owned(),
            fields: vec![("n".to_owned(), scalar(1)), ("tile".to_owned(), tile)],
            complete: true,
        },
        buffer(3, Some("void *")),
        buffer(4, None),
    ];
    assert_eq!(call.values(&m).unwrap(), want);
}

#[test]
fn values_become_the_attributes_that_they_were_read_from() {
    let mut m = read(MODULE);
    let values = call(&m).values(&m).unwrap();
    for value in values {
        let attr = value.to_attr(&mut m);
        assert_eq!(ExternValue::of_attr(&m, attr), Ok(value));
    }
}

#[test]
fn prints_the_normal_form_of_mlir_opt() {
    let text = print_module(&read(MODULE));
    assert_eq!(print_module(&read(&text)), text);
    if prerequisites::programs("prints_the_normal_form_of_mlir_opt", &["mlir-opt-19"]) {
        assert_eq!(mlir_opt(&text, &["--mlir-print-debuginfo"]).unwrap(), text);
    }
}

/// What is replaced in the module, by what; the code and a word of the message.
const WRONG: &[(&str, &str, &str, &str)] = &[
    (
        "\"acme_dense\"",
        "\"acme dense\"",
        "V031",
        "no C identifier",
    ),
    ("\"acme_dense\"", "\"while\"", "V031", "no C identifier"),
    (
        "\"acme/kernels.h\"",
        "\"../kernels.h\"",
        "V031",
        "no header",
    ),
    ("\"acme/kernels.h\"", "\"/kernels.h\"", "V031", "no header"),
    (
        "\"acme/kernels.h\"",
        "\"a.h\\22\\0A#error\"",
        "V031",
        "no header",
    ),
    ("\"acme-kernels\"", "\"-Wl,x\"", "V031", "no library"),
    ("\"status\"", "\"int\"", "V031", "`returns`"),
    ("\"table\", ", "", "V031", "`roles`"),
    ("\"table\"", "\"constant\"", "V031", "`roles`"),
    (
        "{buffer = 0 : i64}",
        "{buffer = 5 : i64}",
        "V031",
        "argument 0: buffer 5 of 5",
    ),
    (
        "{buffer = 0 : i64}",
        "{buffer = -1 : i64}",
        "V031",
        "position of an operand",
    ),
    ("{buffer = 0 : i64}", "7 : i64", "V031", "dictionary"),
    ("{null}", "{nothing}", "V031", "must have `buffer`"),
    (
        "{null}",
        "{null, type = \"int\"}",
        "V031",
        "unknown key `type`",
    ),
    (
        "value = -128",
        "value = 2147483648",
        "V031",
        "argument 3: 2147483648 is no value",
    ),
    (
        "\"const uint8_t *\"",
        "\"uint8_t\"",
        "V031",
        "no pointer type",
    ),
    ("\"const uint8_t *\"", "\"x; y *\"", "V031", "no C type"),
    (
        "array<i64: 1, 2, 3>",
        "array<i64>",
        "V031",
        "argument 4: an array has no elements",
    ),
    ("name = \"n\"", "name = \"tile\"", "V031", "set twice"),
    (
        "complete, type = \"struct acme_tile\"",
        "type = \"struct acme_tile\"",
        "V031",
        "field `tile` of a complete struct is not complete",
    ),
    (
        "name = \"shift\", buffer = 2",
        "name = \"shift\", buffer = 9",
        "V031",
        "field `tile`: field `shift`: buffer 9",
    ),
    (
        "\"mcu.yield\"(%pool) : (tensor<1x2x",
        "\"mcu.yield\"(%half) : (tensor<1x6x",
        "V021",
        "must yield a tensor for each output",
    ),
    (
        "%w: tensor<2x3x",
        "%w: tensor<2x4x",
        "V020",
        "must take a tensor for each input",
    ),
    (
        "\"input\", \"input\"",
        "\"input\", \"table\"",
        "V020",
        "must take a tensor for each input",
    ),
];

#[test]
fn malformed_calls_are_refused() {
    for &(old, new, code, words) in WRONG {
        assert!(MODULE.contains(old), "{old}");
        let text = MODULE.replacen(old, new, 1);
        let m = read(&text);
        let errors = ir::verify::verify(&m).map(|_| ()).unwrap_err();
        assert_eq!(errors.len(), 1, "{new}: {errors}");
        let d = errors.iter().next().unwrap();
        assert_eq!(d.code, code, "{new}: {errors}");
        assert!(d.message.contains(words), "{new}: {errors}");
    }
}

#[test]
fn a_region_does_not_see_outside_and_has_no_effects() {
    let outside = MODULE.replacen("\"nn.reshape\"(%x)", "\"nn.reshape\"(%y)", 1).replacen(
        "    \"mcu.call_extern\"",
        "    %y = \"nn.constant\"() <{value = dense<1> : tensor<1x6xi8>}> : () -> tensor<1x6x!quant.uniform<i8:f32, 0.5>>\n    \"mcu.call_extern\"",
        1,
    );
    let registry = read(MODULE).registry().clone();
    let options = ParseOptions::default();
    let errors = parse(&outside, "t.mlir", registry, &options)
        .map(|_| ())
        .unwrap_err();
    assert!(
        errors.to_string().contains("`%y` is not defined"),
        "{errors}"
    );
    let effect = MODULE.replacen(
        "      %half =",
        "      %a = \"memref.alloc\"() <{operandSegmentSizes = array<i32: 0, 0>}> : () -> memref<1xi8>\n      %half =",
        1,
    );
    let errors = ir::verify::verify(&read(&effect)).map(|_| ()).unwrap_err();
    assert!(errors.iter().any(|d| d.code == "V031"), "{errors}");
    let elsewhere = r#""builtin.module"() ({
  "func.func"() <{function_type = () -> (), sym_name = "k"}> ({
    "mcu.yield"() : () -> ()
  }) : () -> ()
}) : () -> ()"#;
    let errors = ir::verify::verify(&read(elsewhere))
        .map(|_| ())
        .unwrap_err();
    assert!(errors.iter().any(|d| d.code == "V021"), "{errors}");
}
