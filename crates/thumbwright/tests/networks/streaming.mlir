// A network that remembers, int8: the running sum of its inputs, and a filter over this input and the last two.
//   sum'  = clamp(sum + x), which is also output 0
//   y     = clamp(clamp(x + x1) + x2), output 1
//   x1'   = x, x2' = x1
// All scales are equal and all zero points 0, so that additions are exact. The sum begins at 10.
"func.func"() <{arg_attrs = [{mcu.name = "x"}, {mcu.init = dense<10> : tensor<1x6xi8>, mcu.name = "sum", mcu.state}, {mcu.name = "x1", mcu.state}, {mcu.init = dense<[[1, 2, 3, 4, 5, 6]]> : tensor<1x6xi8>, mcu.name = "x2", mcu.state}], function_type = (tensor<1x6x!quant.uniform<i8:f32, 0.5:0>>, tensor<1x6x!quant.uniform<i8:f32, 0.5:0>>, tensor<1x6x!quant.uniform<i8:f32, 0.5:0>>, tensor<1x6x!quant.uniform<i8:f32, 0.5:0>>) -> (tensor<1x6x!quant.uniform<i8:f32, 0.5:0>>, tensor<1x6x!quant.uniform<i8:f32, 0.5:0>>, tensor<1x6x!quant.uniform<i8:f32, 0.5:0>>, tensor<1x6x!quant.uniform<i8:f32, 0.5:0>>, tensor<1x6x!quant.uniform<i8:f32, 0.5:0>>), res_attrs = [{mcu.name = "total"}, {mcu.name = "y"}, {mcu.state}, {mcu.state}, {mcu.state}], sym_name = "main"}> ({
^bb0(%x: tensor<1x6x!quant.uniform<i8:f32, 0.5:0>>, %sum: tensor<1x6x!quant.uniform<i8:f32, 0.5:0>>, %x1: tensor<1x6x!quant.uniform<i8:f32, 0.5:0>>, %x2: tensor<1x6x!quant.uniform<i8:f32, 0.5:0>>):
  %total = "nn.add"(%sum, %x) <{activation = "none"}> : (tensor<1x6x!quant.uniform<i8:f32, 0.5:0>>, tensor<1x6x!quant.uniform<i8:f32, 0.5:0>>) -> tensor<1x6x!quant.uniform<i8:f32, 0.5:0>>
  %part = "nn.add"(%x, %x1) <{activation = "none"}> : (tensor<1x6x!quant.uniform<i8:f32, 0.5:0>>, tensor<1x6x!quant.uniform<i8:f32, 0.5:0>>) -> tensor<1x6x!quant.uniform<i8:f32, 0.5:0>>
  %y = "nn.add"(%part, %x2) <{activation = "none"}> : (tensor<1x6x!quant.uniform<i8:f32, 0.5:0>>, tensor<1x6x!quant.uniform<i8:f32, 0.5:0>>) -> tensor<1x6x!quant.uniform<i8:f32, 0.5:0>>
  "func.return"(%total, %y, %total, %x, %x1) : (tensor<1x6x!quant.uniform<i8:f32, 0.5:0>>, tensor<1x6x!quant.uniform<i8:f32, 0.5:0>>, tensor<1x6x!quant.uniform<i8:f32, 0.5:0>>, tensor<1x6x!quant.uniform<i8:f32, 0.5:0>>, tensor<1x6x!quant.uniform<i8:f32, 0.5:0>>) -> ()
}) : () -> ()
