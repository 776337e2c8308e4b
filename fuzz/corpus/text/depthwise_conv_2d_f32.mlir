#loc = loc(unknown)
"builtin.module"() ({
  "func.func"() <{arg_attrs = [{mcu.name = "input_0"}], function_type = (tensor<1x9x3x2xf32>) -> tensor<1x3x3x2xf32>, res_attrs = [{mcu.name = "depthwise_conv_2d_0"}], sym_name = "main"}> ({
  ^bb0(%arg0: tensor<1x9x3x2xf32> loc(unknown)):
    %0 = "nn.constant"() <{value = dense_resource<constant_0> : tensor<1x3x2x2xf32>}> : () -> tensor<1x3x2x2xf32> loc(#loc2)
    %1 = "nn.depthwise_conv_2d"(%arg0, %0) <{activation = "relu6", dilations = array<i64: 1, 2>, pads = array<i64: 0, 0, 1, 1>, strides = array<i64: 3, 1>}> : (tensor<1x9x3x2xf32>, tensor<1x3x2x2xf32>) -> tensor<1x3x3x2xf32> loc(#loc2)
    "func.return"(%1) : (tensor<1x3x3x2xf32>) -> () loc(#loc)
  }) : () -> () loc(#loc)
}) {mcu.model = "random.tflite"} : () -> () loc(#loc)
#loc1 = loc("random.tflite":0:0)
#loc2 = loc("depthwise_conv_2d_0"(#loc1))

{-#
  dialect_resources: {
    builtin: {
      constant_0: "0x10000000586AB13F00608DBAA8FA0440F4A47F40B859B53F68A257401070C0BFE03F0C3FE8883740303C0C3F182E03403087A6BF"
    }
  }
#-}

