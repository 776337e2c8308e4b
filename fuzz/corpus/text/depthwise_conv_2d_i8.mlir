#loc = loc(unknown)
"builtin.module"() ({
  "func.func"() <{arg_attrs = [{mcu.name = "input_0"}], function_type = (tensor<1x7x6x1x!quant.uniform<i8:f32, 0.0091919451951980591:-128>>) -> tensor<1x3x6x4x!quant.uniform<i8:f32, 5.000000e-01:3>>, res_attrs = [{mcu.name = "depthwise_conv_2d_0"}], sym_name = "main"}> ({
  ^bb0(%arg0: tensor<1x7x6x1x!quant.uniform<i8:f32, 0.0091919451951980591:-128>> loc(unknown)):
    %0 = "nn.constant"() <{value = dense_resource<constant_0> : tensor<1x1x7x4xi8>}> : () -> tensor<1x1x7x4x!quant.uniform<i8:f32, 0.15891116857528687>> loc(#loc2)
    %1 = "nn.depthwise_conv_2d"(%arg0, %0) <{activation = "none", dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 3, 3>, strides = array<i64: 3, 1>}> : (tensor<1x7x6x1x!quant.uniform<i8:f32, 0.0091919451951980591:-128>>, tensor<1x1x7x4x!quant.uniform<i8:f32, 0.15891116857528687>>) -> tensor<1x3x6x4x!quant.uniform<i8:f32, 5.000000e-01:3>> loc(#loc2)
    "func.return"(%1) : (tensor<1x3x6x4x!quant.uniform<i8:f32, 5.000000e-01:3>>) -> () loc(#loc)
  }) : () -> () loc(#loc)
}) {mcu.model = "random.tflite"} : () -> () loc(#loc)
#loc1 = loc("random.tflite":0:0)
#loc2 = loc("depthwise_conv_2d_0"(#loc1))

{-#
  dialect_resources: {
    builtin: {
      constant_0: "0x10000000F4B1FBA4AC0F3412F27D5AB86B5A5CD76D9FD36E139BA9D5AB397C4A"
    }
  }
#-}

