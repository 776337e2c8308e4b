// RELU changes values, not types.
// RUN: thumbwright opt %s --verify-diagnostics
"func.func"() <{function_type = (tensor<4xf32>) -> (), sym_name = "f"}> ({
^bb0(%arg0: tensor<4xf32>):
  // expected-error@+1 {{error[V024]: `nn.relu`: wants f32 throughout or per-tensor int8 throughout}}
  %0 = "nn.relu"(%arg0) : (tensor<4xf32>) -> tensor<4x!quant.uniform<i8:f32, 0.5>>
  "func.return"() : () -> ()
}) : () -> ()
