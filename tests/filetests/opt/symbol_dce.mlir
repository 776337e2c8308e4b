// Private symbols without a user go, circles included; what is referred to deep inside of attributes stays.
// RUN: thumbwright opt %s --allow-unregistered --verify-each --pipeline symbol-dce
// CHECK: sym_name = "main"
// CHECK-NOT: sym_name = "a"
// CHECK-NOT: sym_name = "b"
// CHECK: sym_name = "kept"
"builtin.module"() ({
  "func.func"() <{sym_name = "main", function_type = () -> ()}> ({
    "acme.run"() {what = [{callee = @kept}]} : () -> ()
    "func.return"() : () -> ()
  }) : () -> ()
  "func.func"() <{sym_name = "a", function_type = () -> (), sym_visibility = "private"}> ({
    "func.call"() <{callee = @b}> : () -> ()
    "func.return"() : () -> ()
  }) : () -> ()
  "func.func"() <{sym_name = "b", function_type = () -> (), sym_visibility = "private"}> ({
    "func.call"() <{callee = @a}> : () -> ()
    "func.return"() : () -> ()
  }) : () -> ()
  "func.func"() <{sym_name = "kept", function_type = () -> (), sym_visibility = "private"}> ({
    "func.return"() : () -> ()
  }) : () -> ()
}) : () -> ()
