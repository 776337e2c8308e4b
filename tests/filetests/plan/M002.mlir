// A network that is not lowered: tensors have no place in memory.
// RUN: thumbwright opt %s --verify-diagnostics --pipeline plan-memory
// expected-error@unknown {{error[M002]: the module has no lowered function @main}}
"func.func"() <{function_type = (tensor<4xf32>) -> tensor<4xf32>, sym_name = "main"}> ({
^bb0(%arg0: tensor<4xf32>):
  %0 = "nn.relu"(%arg0) : (tensor<4xf32>) -> tensor<4xf32>
  "func.return"(%0) : (tensor<4xf32>) -> ()
}) : () -> ()
