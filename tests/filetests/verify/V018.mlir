// A constant of another type than its result.
// RUN: thumbwright opt %s --verify-diagnostics
"func.func"() <{function_type = () -> (), sym_name = "f"}> ({
  // expected-error@+1 {{error[V018]: `arith.constant`: the value does not fit the result's type}}
  %0 = "arith.constant"() <{value = 1000 : i16}> : () -> i8
  "func.return"() : () -> ()
}) : () -> ()
