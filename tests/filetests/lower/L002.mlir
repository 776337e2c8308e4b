// A quantised tensor that is to be scaled by 10^40, which no fixed-point multiplier can.
// RUN: thumbwright opt %s --verify-diagnostics --pipeline lower-nn
"func.func"() <{function_type = (tensor<4x!quant.uniform<i8:f32, 1.0e+20>>) -> tensor<4x!quant.uniform<i8:f32, 1.0e-20>>, sym_name = "main"}> ({
^bb0(%x: tensor<4x!quant.uniform<i8:f32, 1.0e+20>>):
  // expected-error@+1 {{error[L002]: no schedule lowers `nn.quantize` on (4 int8)}}
  %0 = "nn.quantize"(%x) : (tensor<4x!quant.uniform<i8:f32, 1.0e+20>>) -> tensor<4x!quant.uniform<i8:f32, 1.0e-20>>
  "func.return"(%0) : (tensor<4x!quant.uniform<i8:f32, 1.0e-20>>) -> ()
}) : () -> ()
