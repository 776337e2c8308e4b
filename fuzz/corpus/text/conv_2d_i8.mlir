#loc = loc(unknown)
"builtin.module"() ({
  "func.func"() <{arg_attrs = [{mcu.name = "input_0"}], function_type = (tensor<1x5x7x1x!quant.uniform<i8:f32, 5.000000e-01:127>>) -> tensor<1x3x4x1x!quant.uniform<i8:f32, 1.7798452377319336>>, res_attrs = [{mcu.name = "conv_2d_0"}], sym_name = "main"}> ({
  ^bb0(%arg0: tensor<1x5x7x1x!quant.uniform<i8:f32, 5.000000e-01:127>> loc(unknown)):
    %0 = "nn.constant"() <{value = dense<[[[[-76]], [[91]], [[-17]], [[-58]], [[-95]], [[101]], [[-120]]]]> : tensor<1x7x1x1xi8>}> : () -> tensor<1x7x1x1x!quant.uniform<i8:f32:0, {0.005524046253412962}>> loc(#loc2)
    %1 = "nn.constant"() <{value = dense<-7858> : tensor<1xi32>}> : () -> tensor<1xi32> loc(#loc2)
    %2 = "nn.conv_2d"(%arg0, %0, %1) <{activation = "none", dilations = array<i64: 1, 2>, pads = array<i64: 3, 3, 0, 0>, strides = array<i64: 2, 2>}> : (tensor<1x5x7x1x!quant.uniform<i8:f32, 5.000000e-01:127>>, tensor<1x7x1x1x!quant.uniform<i8:f32:0, {0.005524046253412962}>>, tensor<1xi32>) -> tensor<1x3x4x1x!quant.uniform<i8:f32, 1.7798452377319336>> loc(#loc2)
    "func.return"(%2) : (tensor<1x3x4x1x!quant.uniform<i8:f32, 1.7798452377319336>>) -> () loc(#loc)
  }) : () -> () loc(#loc)
}) {mcu.model = "random.tflite"} : () -> () loc(#loc)
#loc1 = loc("random.tflite":0:0)
#loc2 = loc("conv_2d_0"(#loc1))

