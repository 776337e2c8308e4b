// What may be undefined leaves a loop only if the loop runs.
// RUN: thumbwright opt %s --verify-each --pipeline 'func.func(loop-invariant-code-motion)'
// CHECK: "arith.muli"
// CHECK-NEXT: "scf.for"
// CHECK: "arith.divsi"
// CHECK: "arith.divsi"
// CHECK-NEXT: "scf.for"
"builtin.module"() ({
  "func.func"() <{sym_name = "f", function_type = (i32, i32, index) -> i32}> ({
  ^bb0(%x: i32, %y: i32, %n: index):
    %l = "arith.constant"() <{value = 0 : index}> : () -> index
    %s = "arith.constant"() <{value = 1 : index}> : () -> index
    %u = "arith.constant"() <{value = 9 : index}> : () -> index
    %r = "scf.for"(%l, %n, %s, %x) ({
    ^bb0(%i: index, %a: i32):
      %p = "arith.muli"(%x, %y) <{overflowFlags = #arith.overflow<none>}> : (i32, i32) -> i32
      %q = "arith.divsi"(%x, %y) : (i32, i32) -> i32
      %t = "arith.xori"(%p, %q) : (i32, i32) -> i32
      %v = "arith.xori"(%t, %a) : (i32, i32) -> i32
      "scf.yield"(%v) : (i32) -> ()
    }) : (index, index, index, i32) -> i32
    %z = "scf.for"(%l, %u, %s, %r) ({
    ^bb0(%i: index, %a: i32):
      %q = "arith.divsi"(%x, %y) : (i32, i32) -> i32
      %v = "arith.xori"(%q, %a) : (i32, i32) -> i32
      "scf.yield"(%v) : (i32) -> ()
    }) : (index, index, index, i32) -> i32
    "func.return"(%z) : (i32) -> ()
  }) : () -> ()
}) : () -> ()
