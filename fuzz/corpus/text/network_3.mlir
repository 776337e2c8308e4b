#loc = loc(unknown)
"builtin.module"() ({
  "func.func"() <{arg_attrs = [{mcu.name = "input_0"}], function_type = (tensor<2x8xf32>) -> (tensor<1x16xf32>, tensor<2x8xf32>, tensor<8x2x!quant.uniform<i8:f32, 1.000000e+00>>), res_attrs = [{mcu.name = "relu_4"}, {mcu.name = "relu6_6"}, {mcu.name = "relu6_10"}], sym_name = "main"}> ({
  ^bb0(%arg0: tensor<2x8xf32> loc(unknown)):
    %0 = "nn.relu6"(%arg0) : (tensor<2x8xf32>) -> tensor<2x8xf32> loc(#loc12)
    %1 = "nn.relu"(%0) : (tensor<2x8xf32>) -> tensor<2x8xf32> loc(#loc13)
    %2 = "nn.reshape"(%1) : (tensor<2x8xf32>) -> tensor<1x16xf32> loc(#loc14)
    %3 = "nn.add"(%2, %2) <{activation = "none"}> : (tensor<1x16xf32>, tensor<1x16xf32>) -> tensor<1x16xf32> loc(#loc15)
    %4 = "nn.relu"(%3) : (tensor<1x16xf32>) -> tensor<1x16xf32> loc(#loc16)
    %5 = "nn.constant"() <{value = dense_resource<constant_0> : tensor<8x8xf32>}> : () -> tensor<8x8xf32> loc(#loc17)
    %6 = "nn.constant"() <{value = dense_resource<constant_1> : tensor<8xf32>}> : () -> tensor<8xf32> loc(#loc17)
    %7 = "nn.fully_connected"(%0, %5, %6) <{activation = "none"}> : (tensor<2x8xf32>, tensor<8x8xf32>, tensor<8xf32>) -> tensor<2x8xf32> loc(#loc17)
    %8 = "nn.relu6"(%7) : (tensor<2x8xf32>) -> tensor<2x8xf32> loc(#loc18)
    %9 = "nn.quantize"(%8) : (tensor<2x8xf32>) -> tensor<2x8x!quant.uniform<i8:f32, 1.000000e+00>> loc(#loc19)
    %10 = "nn.reshape"(%9) : (tensor<2x8x!quant.uniform<i8:f32, 1.000000e+00>>) -> tensor<8x2x!quant.uniform<i8:f32, 1.000000e+00>> loc(#loc20)
    %11 = "nn.relu6"(%10) : (tensor<8x2x!quant.uniform<i8:f32, 1.000000e+00>>) -> tensor<8x2x!quant.uniform<i8:f32, 1.000000e+00>> loc(#loc21)
    %12 = "nn.relu6"(%11) : (tensor<8x2x!quant.uniform<i8:f32, 1.000000e+00>>) -> tensor<8x2x!quant.uniform<i8:f32, 1.000000e+00>> loc(#loc22)
    "func.return"(%4, %8, %12) : (tensor<1x16xf32>, tensor<2x8xf32>, tensor<8x2x!quant.uniform<i8:f32, 1.000000e+00>>) -> () loc(#loc)
  }) : () -> () loc(#loc)
}) {mcu.model = "random.tflite"} : () -> () loc(#loc)
#loc1 = loc("random.tflite":0:0)
#loc2 = loc("random.tflite":1:0)
#loc3 = loc("random.tflite":2:0)
#loc4 = loc("random.tflite":3:0)
#loc5 = loc("random.tflite":4:0)
#loc6 = loc("random.tflite":5:0)
#loc7 = loc("random.tflite":6:0)
#loc8 = loc("random.tflite":7:0)
#loc9 = loc("random.tflite":8:0)
#loc10 = loc("random.tflite":9:0)
#loc11 = loc("random.tflite":10:0)
#loc12 = loc("relu6_0"(#loc1))
#loc13 = loc("relu_1"(#loc2))
#loc14 = loc("reshape_2"(#loc3))
#loc15 = loc("add_3"(#loc4))
#loc16 = loc("relu_4"(#loc5))
#loc17 = loc("fully_connected_5"(#loc6))
#loc18 = loc("relu6_6"(#loc7))
#loc19 = loc("quantize_7"(#loc8))
#loc20 = loc("reshape_8"(#loc9))
#loc21 = loc("relu6_9"(#loc10))
#loc22 = loc("relu6_10"(#loc11))

{-#
  dialect_resources: {
    builtin: {
      constant_0: "0x100000002C961AC0603201BF688BD6BF207D933FBC7B60C0287240C0D0CD7F3F14E5294088A5354040ABEA3E68A311409C893140342345C080ECA6BD80A530BFE04136C08C0A49C0B887833FE0A7163F3CE00FC0005EFC3C40245AC058AB33C0B0717B3FD061943F7048ADBF10A9FBBF0C805FC0D87454C008C91740309C003F0853ED3FE03FD9BF0C6F004040D12840E43D6E40A4F57040D81E08C0A45912407014193F805ADBBDA0B8953E8847B03F4092454054DC00C088B14FC058F2EEBFE8ACA23F28A76C40909738BF303C843F30F61D40ACA4304080013EBFF0E195BF68D850C06C7E26408043B63EA0C944C020184140909E77BF988AFEBF8054373F8CAA7BC0",
      constant_1: "0x10000000201CBDBFE0282DC04036B9BE847946C0509110BF14BC65C0A88169C00006ACBC"
    }
  }
#-}

