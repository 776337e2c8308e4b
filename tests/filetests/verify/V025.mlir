// An activation that does not exist.
// RUN: thumbwright opt %s --verify-diagnostics
"func.func"() <{function_type = (tensor<1x4x4x2x!quant.uniform<i8:f32, 0.5>>) -> (), sym_name = "f"}> ({
^bb0(%arg0: tensor<1x4x4x2x!quant.uniform<i8:f32, 0.5>>):
  // expected-error@+1 {{error[V025]: `nn.max_pool_2d`: activation "gelu" is not one of none, relu, relu6, relu_n1_to_1}}
  %0 = "nn.max_pool_2d"(%arg0) <{activation = "gelu", kernel = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 2, 2>}> : (tensor<1x4x4x2x!quant.uniform<i8:f32, 0.5>>) -> tensor<1x2x2x2x!quant.uniform<i8:f32, 0.5>>
  "func.return"() : () -> ()
}) : () -> ()
