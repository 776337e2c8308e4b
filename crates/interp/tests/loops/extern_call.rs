//! An external call computes what its region says.

use super::{call, module};
use interp::loops::{Argument, Fault, LoopError, POISON};
use ir::Module;
use ir::text::{ParseOptions, parse};

/// `max(x, 0)` of four bytes by an external function, which gets a table and workspace as well.
fn relu(signature: &str, arguments: &str, operands: &str) -> Module {
    let types = "memref<4xi8>, memref<2xi32>, memref<3xi8>, memref<4xi8>";
    let tensor = "tensor<4x!quant.uniform<i8:f32, 0.5>>";
    let text = format!(
        r#"
"builtin.module"() ({{
  "func.func"() <{{function_type = ({signature}) -> (), sym_name = "f"}}> ({{
  ^bb0({arguments}):
    "mcu.call_extern"({operands}) <{{
      callee = "acme_relu", header = "acme.h", returns = "void", roles = ["input", "table", "workspace", "output"],
      arguments = [{{buffer = 0 : i64}}, {{buffer = 3 : i64}}]}}> ({{
    ^bb0(%x: {tensor}):
      %y = "nn.relu"(%x) : ({tensor}) -> {tensor}
      "mcu.yield"(%y) : ({tensor}) -> ()
    }}) : ({types}) -> ()
    "func.return"() : () -> ()
  }}) : () -> ()
}}) : () -> ()
"#
    );
    let registry = module().registry().clone();
    parse(&text, "t.mlir", registry, &ParseOptions::default()).unwrap_or_else(|e| panic!("{e}"))
}

fn bytes(values: &[i8]) -> Argument {
    Argument::Buffer(values.iter().map(|&v| v as u8).collect())
}

#[test]
fn the_region_is_run_on_the_inputs_bytes() {
    let m = relu(
        "memref<4xi8>, memref<2xi32>, memref<3xi8>, memref<4xi8>",
        "%in: memref<4xi8>, %table: memref<2xi32>, %work: memref<3xi8>, %out: memref<4xi8>",
        "%in, %table, %work, %out",
    );
    let table = Argument::Buffer(vec![1, 0, 0, 0, 2, 0, 0, 0]);
    let mut args = [
        bytes(&[-128, -1, 0, 127]),
        table.clone(),
        bytes(&[1, 2, 3]),
        bytes(&[9; 4]),
    ];
    call(&m, &mut args).unwrap();
    assert_eq!(args[0], bytes(&[-128, -1, 0, 127]));
    assert_eq!(args[1], table);
    assert_eq!(args[2], Argument::Buffer(vec![POISON; 3]));
    assert_eq!(args[3], bytes(&[0, 0, 0, 127]));
}

fn fault(result: Result<Vec<ir::interfaces::Datum>, LoopError>) -> Fault {
    match result {
        Err(LoopError::Fault { fault, op, .. }) => {
            assert_eq!(op, "mcu.call_extern");
            fault
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn buffers_that_are_written_are_apart_from_all_others() {
    let same = relu(
        "memref<4xi8>, memref<2xi32>, memref<3xi8>",
        "%in: memref<4xi8>, %table: memref<2xi32>, %work: memref<3xi8>",
        "%in, %table, %work, %in",
    );
    let mut args = [bytes(&[0; 4]), Argument::Buffer(vec![0; 8]), bytes(&[0; 3])];
    assert_eq!(
        fault(call(&same, &mut args)),
        Fault::OverlappingBuffers(0, 3)
    );
}

#[test]
fn a_constant_is_not_written() {
    let text = ir::text::print_module(&relu(
        "memref<4xi8>, memref<2xi32>, memref<3xi8>, memref<4xi8>",
        "%in: memref<4xi8>, %table: memref<2xi32>, %work: memref<3xi8>, %out: memref<4xi8>",
        "%in, %table, %work, %out",
    ));
    let global = r#"  "memref.global"() <{constant, initial_value = dense<0> : tensor<4xi8>, sym_name = "zeros", sym_visibility = "private", type = memref<4xi8>}> : () -> ()
  "func.func""#;
    let text = text.replacen("  \"func.func\"", global, 1).replacen(
        "    \"mcu.call_extern\"(%arg0, %arg1, %arg2, %arg3)",
        "    %c = \"memref.get_global\"() <{name = @zeros}> : () -> memref<4xi8>\n    \"mcu.call_extern\"(%arg0, %arg1, %arg2, %c)",
        1,
    );
    assert!(text.contains("%c)"), "{text}");
    let registry = module().registry().clone();
    let m = parse(&text, "t.mlir", registry, &ParseOptions::default()).unwrap();
    let mut args = [
        bytes(&[0; 4]),
        Argument::Buffer(vec![0; 8]),
        bytes(&[0; 3]),
        bytes(&[0; 4]),
    ];
    assert_eq!(fault(call(&m, &mut args)), Fault::WriteToConstant);
}
