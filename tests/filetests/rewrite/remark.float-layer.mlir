// A sum of two operands, one of which is not quantised.
// RUN: thumbwright opt %s --verify-diagnostics --pipeline 'func.func(quantize-graph)'
"func.func"() <{function_type = (tensor<8x!quant.uniform<i8:f32, 0.5>>, tensor<8xf32>) -> tensor<8x!quant.uniform<i8:f32, 0.25>>, sym_name = "main"}> ({
^bb0(%q: tensor<8x!quant.uniform<i8:f32, 0.5>>, %y: tensor<8xf32>):
  %x = "nn.dequantize"(%q) : (tensor<8x!quant.uniform<i8:f32, 0.5>>) -> tensor<8xf32>
  // expected-remark@+1 {{remark[remark.float-layer]: `nn.add` is computed in float}}
  %s = "nn.add"(%x, %y) <{activation = "none"}> : (tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
  %r = "nn.quantize"(%s) : (tensor<8xf32>) -> tensor<8x!quant.uniform<i8:f32, 0.25>>
  "func.return"(%r) : (tensor<8x!quant.uniform<i8:f32, 0.25>>) -> ()
}) : () -> ()
