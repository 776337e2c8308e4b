// Two functions of one name.
// RUN: thumbwright opt %s --verify-diagnostics
"func.func"() <{function_type = () -> (), sym_name = "f"}> ({
  "func.return"() : () -> ()
}) : () -> ()
// expected-error@+1 {{error[V015]: `func.func`: symbol @f is defined twice}}
"func.func"() <{function_type = () -> (), sym_name = "f"}> ({
  "func.return"() : () -> ()
}) : () -> ()
