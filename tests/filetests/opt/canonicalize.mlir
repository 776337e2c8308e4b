// Sums of constants are gathered, constants stand right, and a pattern can be left out by its name.
// RUN: thumbwright opt %s --verify-each --pipeline 'func.func(canonicalize)'
// CHECK: "func.func"
// CHECK: {{.*}} = "arith.constant"() <{value = 10 : i32}>
// CHECK-NEXT: "arith.addi"(%arg0, {{.*}})
// CHECK-NEXT: "func.return"
// RUN: thumbwright opt %s --pipeline 'func.func(canonicalize{disable=arith.addi-of-offset})'
// CHECK: "arith.addi"
// CHECK: "arith.addi"
// RUN: thumbwright opt %s --pipeline 'func.func(canonicalize{disable=arith.addi-of-ofset})'
// EXIT: 1
// ERR: error[P001]: `canonicalize` cannot disable `arith.addi-of-ofset`: no such pattern
// ERR: help: did you mean `arith.addi-of-offset`?
"builtin.module"() ({
  "func.func"() <{sym_name = "f", function_type = (i32) -> i32}> ({
  ^bb0(%x: i32):
    %c3 = "arith.constant"() <{value = 3 : i32}> : () -> i32
    %c7 = "arith.constant"() <{value = 7 : i32}> : () -> i32
    %a = "arith.addi"(%c7, %x) <{overflowFlags = #arith.overflow<none>}> : (i32, i32) -> i32
    %b = "arith.addi"(%a, %c3) <{overflowFlags = #arith.overflow<none>}> : (i32, i32) -> i32
    "func.return"(%b) : (i32) -> ()
  }) : () -> ()
}) : () -> ()
