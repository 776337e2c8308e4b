// The body takes the place of the call, and says where it comes from.
// RUN: thumbwright opt %s --verify-each --pipeline inline,symbol-dce
// CHECK: "arith.xori"({{.*}}) : (i32, i32) -> i32 loc({{.*}})
// CHECK-NOT: "func.call"
// CHECK-NOT: sym_name = "body"
// CHECK: callsite(
// RUN: thumbwright opt %s --pipeline 'inline{max-ops=0 once=false}'
// CHECK: "func.call"
"builtin.module"() ({
  "func.func"() <{sym_name = "main", function_type = (i32) -> i32}> ({
  ^bb0(%x: i32):
    %y = "func.call"(%x) <{callee = @body}> : (i32) -> i32 loc("caller")
    "func.return"(%y) : (i32) -> ()
  }) : () -> ()
  "func.func"() <{sym_name = "body", function_type = (i32) -> i32, sym_visibility = "private"}> ({
  ^bb0(%x: i32):
    %y = "arith.xori"(%x, %x) : (i32, i32) -> i32 loc("layer")
    "func.return"(%y) : (i32) -> ()
  }) : () -> ()
}) : () -> ()
