// One argument, and attributes for none.
// RUN: thumbwright opt %s --verify-diagnostics
// expected-error@+1 {{error[V030]: `func.func`: `arg_attrs` must be one dictionary for each of 1 arguments}}
"func.func"() <{arg_attrs = [], function_type = (i32) -> (), sym_name = "f"}> ({
^bb0(%arg0: i32):
  "func.return"() : () -> ()
}) : () -> ()
