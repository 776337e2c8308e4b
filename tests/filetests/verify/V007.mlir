// A pooling window is two numbers, not a word.
// RUN: thumbwright opt %s --verify-diagnostics
"func.func"() <{function_type = (tensor<1x4x4x2x!quant.uniform<i8:f32, 0.5>>) -> (), sym_name = "f"}> ({
^bb0(%arg0: tensor<1x4x4x2x!quant.uniform<i8:f32, 0.5>>):
  // expected-error@+1 {{error[V007]: `nn.max_pool_2d`: attribute `kernel` must be an array<i64>}}
  %0 = "nn.max_pool_2d"(%arg0) <{activation = "none", kernel = "two", pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 2, 2>}> : (tensor<1x4x4x2x!quant.uniform<i8:f32, 0.5>>) -> tensor<1x2x2x2x!quant.uniform<i8:f32, 0.5>>
  "func.return"() : () -> ()
}) : () -> ()
