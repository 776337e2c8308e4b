// A call of a function on tensors, in the network.
// RUN: thumbwright opt %s --verify-diagnostics --pipeline lower-nn
"func.func"() <{function_type = (tensor<4xf32>) -> tensor<4xf32>, sym_name = "helper", sym_visibility = "private"}> ({
^bb0(%arg0: tensor<4xf32>):
  "func.return"(%arg0) : (tensor<4xf32>) -> ()
}) : () -> ()
"func.func"() <{function_type = (tensor<4xf32>) -> tensor<4xf32>, sym_name = "main"}> ({
^bb0(%arg0: tensor<4xf32>):
  // expected-error@+1 {{error[L002]: no schedule lowers `func.call` on (4 float32)}}
  %0 = "func.call"(%arg0) <{callee = @helper}> : (tensor<4xf32>) -> tensor<4xf32>
  "func.return"(%0) : (tensor<4xf32>) -> ()
}) : () -> ()
