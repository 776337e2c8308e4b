// An unused pure op goes; what has effects, and what is unknown, stays.
// RUN: thumbwright opt %s --allow-unregistered --verify-each --pipeline 'func.func(dce)'
// CHECK: "func.func"
// CHECK-NOT: arith.constant
// CHECK: "memref.store"
// CHECK-NEXT: "acme.unknown"
// CHECK-NEXT: "func.return"
"builtin.module"() ({
  "func.func"() <{sym_name = "f", function_type = (i32, memref<1xi32>, index) -> ()}> ({
  ^bb0(%x: i32, %m: memref<1xi32>, %i: index):
    %0 = "arith.constant"() <{value = 3 : i32}> : () -> i32
    %1 = "arith.addi"(%0, %x) <{overflowFlags = #arith.overflow<none>}> : (i32, i32) -> i32
    "memref.store"(%x, %m, %i) : (i32, memref<1xi32>, index) -> ()
    %2 = "acme.unknown"(%x) : (i32) -> i32
    "func.return"() : () -> ()
  }) : () -> ()
}) : () -> ()
