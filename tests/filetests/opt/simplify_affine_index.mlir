// A counter below eight is its own remainder by eight.
// RUN: thumbwright opt %s --verify-each --statistics --pipeline 'func.func(simplify-affine-index,dce)'
// CHECK: "scf.for"
// CHECK-NOT: arith.remsi
// CHECK: "memref.store"
// ERR: simplify-affine-index 1 decided
"builtin.module"() ({
  "func.func"() <{sym_name = "f", function_type = (i32, memref<8xi32>) -> ()}> ({
  ^bb0(%x: i32, %m: memref<8xi32>):
    %l = "arith.constant"() <{value = 0 : index}> : () -> index
    %s = "arith.constant"() <{value = 1 : index}> : () -> index
    %u = "arith.constant"() <{value = 8 : index}> : () -> index
    "scf.for"(%l, %u, %s) ({
    ^bb0(%i: index):
      %r = "arith.remsi"(%i, %u) : (index, index) -> index
      "memref.store"(%x, %m, %r) : (i32, memref<8xi32>, index) -> ()
      "scf.yield"() : () -> ()
    }) : (index, index, index) -> ()
    "func.return"() : () -> ()
  }) : () -> ()
}) : () -> ()
