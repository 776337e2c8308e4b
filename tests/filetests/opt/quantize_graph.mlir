// What stands between dequantisation and quantisation is computed in integers; a function of one element is a table.
// RUN: thumbwright opt %s --pipeline 'func.func(quantize-graph)'
"func.func"() <{function_type = (tensor<8x!quant.uniform<i8:f32, 0.5>>) -> tensor<8x!quant.uniform<i8:f32, 0.25:3>>, sym_name = "main"}> ({
^bb0(%q: tensor<8x!quant.uniform<i8:f32, 0.5>>):
  %x = "nn.dequantize"(%q) : (tensor<8x!quant.uniform<i8:f32, 0.5>>) -> tensor<8xf32>
  %s = "nn.logistic"(%x) : (tensor<8xf32>) -> tensor<8xf32>
  // CHECK-NOT: nn.logistic
  // CHECK: nn.lookup_table
  // CHECK-NOT: nn.dequantize
  %r = "nn.quantize"(%s) : (tensor<8xf32>) -> tensor<8x!quant.uniform<i8:f32, 0.25:3>>
  "func.return"(%r) : (tensor<8x!quant.uniform<i8:f32, 0.25:3>>) -> ()
}) : () -> ()
