// Each part is a module of its own; places are those of the file.
// RUN: thumbwright opt %s --split-input-file
// EXIT: 1
// ERR: error[S014]: {{.*}}
// ERR: split_input.mlir:17:
// RUN: thumbwright opt %s --split-input-file --verify-diagnostics
// CHECK-NOT: {{.*}}
"builtin.module"() ({
  "func.func"() <{sym_name = "first", function_type = () -> ()}> ({
    "func.return"() : () -> ()
  }) : () -> ()
}) : () -> ()
// -----
"builtin.module"() ({
  "func.func"() <{sym_name = "second", function_type = () -> i32}> ({
    // expected-error@+1 {{[S014]}}
    "func.return"(%nothing) : (i32) -> ()
  }) : () -> ()
}) : () -> ()
