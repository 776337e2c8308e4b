// A call of a function that is not there.
// RUN: thumbwright opt %s --verify-diagnostics
"func.func"() <{function_type = () -> (), sym_name = "f"}> ({
  // expected-error@+1 {{error[V014]: `func.call`: no function @nobody}}
  "func.call"() <{callee = @nobody}> : () -> ()
  "func.return"() : () -> ()
}) : () -> ()
