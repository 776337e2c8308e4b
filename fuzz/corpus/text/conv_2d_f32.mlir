#loc = loc(unknown)
"builtin.module"() ({
  "func.func"() <{arg_attrs = [{mcu.name = "input_0"}], function_type = (tensor<2x2x3x2xf32>) -> tensor<2x2x2x1xf32>, res_attrs = [{mcu.name = "conv_2d_0"}], sym_name = "main"}> ({
  ^bb0(%arg0: tensor<2x2x3x2xf32> loc(unknown)):
    %0 = "nn.constant"() <{value = dense_resource<constant_0> : tensor<1x3x3x2xf32>}> : () -> tensor<1x3x3x2xf32> loc(#loc2)
    %1 = "nn.conv_2d"(%arg0, %0) <{activation = "none", dilations = array<i64: 3, 1>, pads = array<i64: 3, 3, 1, 1>, strides = array<i64: 1, 2>}> : (tensor<2x2x3x2xf32>, tensor<1x3x3x2xf32>) -> tensor<2x2x2x1xf32> loc(#loc2)
    "func.return"(%1) : (tensor<2x2x2x1xf32>) -> () loc(#loc)
  }) : () -> () loc(#loc)
}) {mcu.model = "random.tflite"} : () -> () loc(#loc)
#loc1 = loc("random.tflite":0:0)
#loc2 = loc("conv_2d_0"(#loc1))

{-#
  dialect_resources: {
    builtin: {
      constant_0: "0x1000000000000000000000000000803F0000004000000040000040C00000803F00000000000000C0000040C0000080BF0000000000004040000080BF00004040000040C00000803F00004040"
    }
  }
#-}

