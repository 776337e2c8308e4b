// The regions of `scf.if` have one block each; these have none.
// RUN: thumbwright opt %s --verify-diagnostics
"func.func"() <{function_type = (i1) -> (), sym_name = "f"}> ({
^bb0(%arg0: i1):
  // expected-error@+1 {{error[V009]: `scf.if`: region 0 has 0 blocks}}
  "scf.if"(%arg0) ({
  }, {
  }) : (i1) -> ()
  "func.return"() : () -> ()
}) : () -> ()
