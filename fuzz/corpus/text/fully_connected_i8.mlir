#loc = loc(unknown)
"builtin.module"() ({
  "func.func"() <{arg_attrs = [{mcu.name = "input_0"}], function_type = (tensor<1x1x4x!quant.uniform<i8:f32, 6.250000e-02:-128>>) -> tensor<1x5x!quant.uniform<i8:f32, 0.012136831879615784:-51>>, res_attrs = [{mcu.name = "fully_connected_0"}], sym_name = "main"}> ({
  ^bb0(%arg0: tensor<1x1x4x!quant.uniform<i8:f32, 6.250000e-02:-128>> loc(unknown)):
    %0 = "nn.constant"() <{value = dense_resource<constant_0> : tensor<5x4xi8>}> : () -> tensor<5x4x!quant.uniform<i8:f32, 2.9086499214172363>> loc(#loc2)
    %1 = "nn.fully_connected"(%arg0, %0) <{activation = "none"}> : (tensor<1x1x4x!quant.uniform<i8:f32, 6.250000e-02:-128>>, tensor<5x4x!quant.uniform<i8:f32, 2.9086499214172363>>) -> tensor<1x5x!quant.uniform<i8:f32, 0.012136831879615784:-51>> loc(#loc2)
    "func.return"(%1) : (tensor<1x5x!quant.uniform<i8:f32, 0.012136831879615784:-51>>) -> () loc(#loc)
  }) : () -> () loc(#loc)
}) {mcu.model = "random.tflite"} : () -> () loc(#loc)
#loc1 = loc("random.tflite":0:0)
#loc2 = loc("fully_connected_0"(#loc1))

{-#
  dialect_resources: {
    builtin: {
      constant_0: "0x10000000817F8180FF0001808080FF018100FF007F017F80"
    }
  }
#-}

