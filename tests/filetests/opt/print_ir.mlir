// The module around passes, on standard error; the result on standard output or in a file.
// RUN: thumbwright opt %s --pipeline 'func.func(dce)' --print-ir-before=dce --print-ir-after
// CHECK: "func.return"
// ERR: // ----- before dce on func.func
// ERR: arith.constant
// ERR: // ----- after dce on func.func
// ERR-NOT: arith.constant
// RUN: thumbwright opt %s --pipeline 'func.func(dce,dce)' --print-ir-changed -o %t/out.mlir
// CHECK-NOT: {{.*}}
// ERR: // ----- changed by dce on func.func
// ERR-NOT: // ----- changed
// RUN: thumbwright opt %t/out.mlir --statistics --timing --pipeline 'func.func(dce)'
// CHECK: "func.return"
// ERR: pass count of
// ERR: optional changes (fuel): 0
// ERR: pass runs ms %
// ERR-NEXT: dce 1 {{.*}}
// RUN: thumbwright opt %s --print-ir-after=dcee
// EXIT: 1
// ERR: error: --print-ir-after=dcee: there is no such pass; did you mean `dce`?
"builtin.module"() ({
  "func.func"() <{sym_name = "f", function_type = () -> ()}> ({
    %0 = "arith.constant"() <{value = 3 : i32}> : () -> i32
    "func.return"() : () -> ()
  }) : () -> ()
}) : () -> ()
