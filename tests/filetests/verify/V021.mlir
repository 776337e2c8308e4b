// A function of type () -> () returns a value.
// RUN: thumbwright opt %s --verify-diagnostics
"func.func"() <{function_type = (i32) -> (), sym_name = "f"}> ({
^bb0(%arg0: i32):
  // expected-error@+1 {{error[V021]: `func.return`: returns other types than the function's type says}}
  "func.return"(%arg0) : (i32) -> ()
}) : () -> ()
