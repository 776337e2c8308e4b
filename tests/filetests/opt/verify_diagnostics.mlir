// What is expected and does not come fails, and so does what comes unexpected.
// RUN: thumbwright opt %s --verify-diagnostics
// EXIT: 1
// ERR: error: verify_diagnostics.mlir:10: expected error "never" on line 11 was not produced
// ERR-NEXT: error: verify_diagnostics.mlir:12: unexpected error[S014]: {{.*}}
// ERR-NEXT: error: 2 of the diagnostics are not as expected
"builtin.module"() ({
  "func.func"() <{sym_name = "f", function_type = () -> i32}> ({
    %0 = "arith.constant"() <{value = 3 : i32}> : () -> i32
    // expected-error@+1 {{never}}
    %1 = "arith.constant"() <{value = 3 : i32}> : () -> i32
    "func.return"(%nothing) : (i32) -> ()
  }) : () -> ()
}) : () -> ()
