// A function that returns twice.
// RUN: thumbwright opt %s --verify-diagnostics
"func.func"() <{function_type = () -> (), sym_name = "f"}> ({
  // expected-error@+1 {{error[V011]: `func.return`: a terminator must be the last op of its block}}
  "func.return"() : () -> ()
  "func.return"() : () -> ()
}) : () -> ()
