#loc = loc(unknown)
"builtin.module"() ({
  "func.func"() <{arg_attrs = [{mcu.name = "input_0"}], function_type = (tensor<2x24x!quant.uniform<i8:f32, 0.01259370893239975:-113>>) -> (tensor<2x1x!quant.uniform<i8:f32, 3.125000e-02:-128>>, tensor<2x24x!quant.uniform<i8:f32, 3.906250e-03:-128>>, tensor<2x24x!quant.uniform<i8:f32, 3.906250e-03:-128>>, tensor<2x24xf32>, tensor<3x8x2x1x!quant.uniform<i8:f32, 0.045894287526607513:-43>>, tensor<2x5x!quant.uniform<i8:f32, 1.562500e-02:102>>), res_attrs = [{mcu.name = "fully_connected_3"}, {mcu.name = "softmax_5"}, {mcu.name = "softmax_7"}, {mcu.name = "dequantize_8"}, {mcu.name = "reshape_9"}, {mcu.name = "fully_connected_11"}], sym_name = "main"}> ({
  ^bb0(%arg0: tensor<2x24x!quant.uniform<i8:f32, 0.01259370893239975:-113>> loc(unknown)):
    %0 = "nn.relu"(%arg0) : (tensor<2x24x!quant.uniform<i8:f32, 0.01259370893239975:-113>>) -> tensor<2x24x!quant.uniform<i8:f32, 0.0031484272330999374:-128>> loc(#loc13)
    %1 = "nn.add"(%0, %arg0) <{activation = "none"}> : (tensor<2x24x!quant.uniform<i8:f32, 0.0031484272330999374:-128>>, tensor<2x24x!quant.uniform<i8:f32, 0.01259370893239975:-113>>) -> tensor<2x24x!quant.uniform<i8:f32, 0.016669511795043945:127>> loc(#loc14)
    %2 = "nn.quantize"(%1) : (tensor<2x24x!quant.uniform<i8:f32, 0.016669511795043945:127>>) -> tensor<2x24x!quant.uniform<i8:f32, 0.033339023590087891:127>> loc(#loc15)
    %3 = "nn.constant"() <{value = dense_resource<constant_0> : tensor<1x24xi8>}> : () -> tensor<1x24x!quant.uniform<i8:f32, 0.0025223381817340851:85>> loc(#loc16)
    %4 = "nn.constant"() <{value = dense<16673> : tensor<1xi32>}> : () -> tensor<1x!quant.uniform<i32:f32, 8.4092294855508953E-5>> loc(#loc16)
    %5 = "nn.fully_connected"(%2, %3, %4) <{activation = "none"}> : (tensor<2x24x!quant.uniform<i8:f32, 0.033339023590087891:127>>, tensor<1x24x!quant.uniform<i8:f32, 0.0025223381817340851:85>>, tensor<1x!quant.uniform<i32:f32, 8.4092294855508953E-5>>) -> tensor<2x1x!quant.uniform<i8:f32, 3.125000e-02:-128>> loc(#loc16)
    %6 = "nn.quantize"(%1) : (tensor<2x24x!quant.uniform<i8:f32, 0.016669511795043945:127>>) -> tensor<2x24x!quant.uniform<i8:f32, 0.045894287526607513:-43>> loc(#loc17)
    %7 = "nn.softmax"(%6) <{beta = 1.000000e+01 : f32}> : (tensor<2x24x!quant.uniform<i8:f32, 0.045894287526607513:-43>>) -> tensor<2x24x!quant.uniform<i8:f32, 3.906250e-03:-128>> loc(#loc18)
    %8 = "nn.constant"() <{value = dense_resource<constant_2> : tensor<2x24xi8>}> : () -> tensor<2x24x!quant.uniform<i8:f32, 0.10940676927566528:-62>> loc(#loc19)
    %9 = "nn.add"(%6, %8) <{activation = "none"}> : (tensor<2x24x!quant.uniform<i8:f32, 0.045894287526607513:-43>>, tensor<2x24x!quant.uniform<i8:f32, 0.10940676927566528:-62>>) -> tensor<2x24x!quant.uniform<i8:f32, 0.21881353855133057:127>> loc(#loc19)
    %10 = "nn.softmax"(%9) <{beta = 1.000000e+00 : f32}> : (tensor<2x24x!quant.uniform<i8:f32, 0.21881353855133057:127>>) -> tensor<2x24x!quant.uniform<i8:f32, 3.906250e-03:-128>> loc(#loc20)
    %11 = "nn.dequantize"(%9) : (tensor<2x24x!quant.uniform<i8:f32, 0.21881353855133057:127>>) -> tensor<2x24xf32> loc(#loc21)
    %12 = "nn.reshape"(%6) : (tensor<2x24x!quant.uniform<i8:f32, 0.045894287526607513:-43>>) -> tensor<3x8x2x1x!quant.uniform<i8:f32, 0.045894287526607513:-43>> loc(#loc22)
    %13 = "nn.relu6"(%0) : (tensor<2x24x!quant.uniform<i8:f32, 0.0031484272330999374:-128>>) -> tensor<2x24x!quant.uniform<i8:f32, 0.0031484272330999374:-128>> loc(#loc23)
    %14 = "nn.constant"() <{value = dense_resource<constant_3> : tensor<5x24xi8>}> : () -> tensor<5x24x!quant.uniform<i8:f32, 0.013123306445777416:28>> loc(#loc24)
    %15 = "nn.constant"() <{value = dense_resource<constant_4> : tensor<5xi32>}> : () -> tensor<5x!quant.uniform<i32:f32, 4.1317776776850224E-5>> loc(#loc24)
    %16 = "nn.fully_connected"(%13, %14, %15) <{activation = "none"}> : (tensor<2x24x!quant.uniform<i8:f32, 0.0031484272330999374:-128>>, tensor<5x24x!quant.uniform<i8:f32, 0.013123306445777416:28>>, tensor<5x!quant.uniform<i32:f32, 4.1317776776850224E-5>>) -> tensor<2x5x!quant.uniform<i8:f32, 1.562500e-02:102>> loc(#loc24)
    "func.return"(%5, %7, %10, %11, %12, %16) : (tensor<2x1x!quant.uniform<i8:f32, 3.125000e-02:-128>>, tensor<2x24x!quant.uniform<i8:f32, 3.906250e-03:-128>>, tensor<2x24x!quant.uniform<i8:f32, 3.906250e-03:-128>>, tensor<2x24xf32>, tensor<3x8x2x1x!quant.uniform<i8:f32, 0.045894287526607513:-43>>, tensor<2x5x!quant.uniform<i8:f32, 1.562500e-02:102>>) -> () loc(#loc)
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
#loc12 = loc("random.tflite":11:0)
#loc13 = loc("relu_0"(#loc1))
#loc14 = loc("add_1"(#loc2))
#loc15 = loc("quantize_2"(#loc3))
#loc16 = loc("fully_connected_3"(#loc4))
#loc17 = loc("quantize_4"(#loc5))
#loc18 = loc("softmax_5"(#loc6))
#loc19 = loc("add_6"(#loc7))
#loc20 = loc("softmax_7"(#loc8))
#loc21 = loc("dequantize_8"(#loc9))
#loc22 = loc("reshape_9"(#loc10))
#loc23 = loc("relu6_10"(#loc11))
#loc24 = loc("fully_connected_11"(#loc12))

{-#
  dialect_resources: {
    builtin: {
      constant_0: "0x10000000283D017A0760608C451441032B3466E845F8F41AF9C0A82A",
      constant_2: "0x100000004E9F13AA589CCF39CC703632C87B7DE78859AEC057C72447DB7064BE6E8DF6FC180D6387C91FAC7AE2F9DF3F6214DBC1",
      constant_3: "0x10000000E7F5B3657B29CA753F049891BF1291B47DC6B549DBA7A99AA4A42D77A3CF7DD854CE28B5FBC3CD8DEAA25BA06C3A4CA4E47835B3340B58994145ADFF30A4C6D018C3339F25B8FCB9595522BA99F3297BEDCFA8819FCE297F239258CC8B0FEBCB4DD0212699911D0F8B3169B7E4D7F76DC32D45CADBF40423",
      constant_4: "0x1000000009FFFFFFD60B0000870C000004F3FFFF16070000"
    }
  }
#-}

