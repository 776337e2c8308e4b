// The largest of what is dequantised is the largest int8.
// RUN: thumbwright opt %s --pipeline 'func.func(quantize-graph)'
// CHECK-NOT: nn.dequantize
// CHECK: "nn.arg_max"(%{{.*}}) <{axis = 1 : i64}> : (tensor<2x5x!quant.uniform<i8:f32, 5.000000e-01:3>>) -> tensor<2xi32>
"func.func"() <{function_type = (tensor<2x5x!quant.uniform<i8:f32, 0.5:3>>) -> tensor<2xi32>, sym_name = "main"}> ({
^bb0(%q: tensor<2x5x!quant.uniform<i8:f32, 0.5:3>>):
  %x = "nn.dequantize"(%q) : (tensor<2x5x!quant.uniform<i8:f32, 0.5:3>>) -> tensor<2x5xf32>
  %i = "nn.arg_max"(%x) <{axis = 1 : i64}> : (tensor<2x5xf32>) -> tensor<2xi32>
  "func.return"(%i) : (tensor<2xi32>) -> ()
}) : () -> ()
