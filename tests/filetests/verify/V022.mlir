// A zero point that no int8 can hold.
// RUN: thumbwright opt %s --verify-diagnostics
"func.func"() <{function_type = (tensor<4x!quant.uniform<i8:f32, 0.5>>) -> (), sym_name = "f"}> ({
^bb0(%arg0: tensor<4x!quant.uniform<i8:f32, 0.5>>):
  // expected-error@+1 {{error[V022]: `nn.relu`: zero point 300 outside of -128:127}}
  %0 = "nn.relu"(%arg0) : (tensor<4x!quant.uniform<i8:f32, 0.5>>) -> tensor<4x!quant.uniform<i8:f32, 0.5:300>>
  "func.return"() : () -> ()
}) : () -> ()
