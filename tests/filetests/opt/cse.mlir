// Equal sums become one, also inside a condition; what is unknown is not merged.
// RUN: thumbwright opt %s --allow-unregistered --verify-each --pipeline 'func.func(cse)'
// CHECK: "arith.addi"
// CHECK-NOT: "arith.addi"
// CHECK: "acme.next"
// CHECK-NEXT: "acme.next"
"builtin.module"() ({
  "func.func"() <{sym_name = "f", function_type = (i32, i32, i1) -> i32}> ({
  ^bb0(%x: i32, %y: i32, %p: i1):
    %a = "arith.addi"(%x, %y) <{overflowFlags = #arith.overflow<none>}> : (i32, i32) -> i32
    %b = "arith.addi"(%y, %x) <{overflowFlags = #arith.overflow<none>}> : (i32, i32) -> i32
    %c = "scf.if"(%p) ({
      %d = "arith.addi"(%x, %y) <{overflowFlags = #arith.overflow<none>}> : (i32, i32) -> i32
      "scf.yield"(%d) : (i32) -> ()
    }, {
      "scf.yield"(%b) : (i32) -> ()
    }) : (i1) -> i32
    %e = "acme.next"(%c) : (i32) -> i32
    %f = "acme.next"(%c) : (i32) -> i32
    "func.return"(%a) : (i32) -> ()
  }) : () -> ()
}) : () -> ()
