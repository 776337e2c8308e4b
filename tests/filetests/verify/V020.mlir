// The function takes an integer, its block nothing.
// RUN: thumbwright opt %s --verify-diagnostics
// expected-error@+1 {{error[V020]: `func.func`: the entry block's arguments differ from the function's type}}
"func.func"() <{function_type = (i32) -> (), sym_name = "f"}> ({
  "func.return"() : () -> ()
}) : () -> ()
