// A pooling has no colour.
// RUN: thumbwright opt %s --verify-diagnostics
"func.func"() <{function_type = (tensor<1x4x4x2x!quant.uniform<i8:f32, 0.5>>) -> (), sym_name = "f"}> ({
^bb0(%arg0: tensor<1x4x4x2x!quant.uniform<i8:f32, 0.5>>):
  // expected-error@+1 {{error[V008]: `nn.max_pool_2d`: unknown inherent attribute `color`}}
  %0 = "nn.max_pool_2d"(%arg0) <{activation = "none", color = "red", kernel = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 2, 2>}> : (tensor<1x4x4x2x!quant.uniform<i8:f32, 0.5>>) -> tensor<1x2x2x2x!quant.uniform<i8:f32, 0.5>>
  "func.return"() : () -> ()
}) : () -> ()
