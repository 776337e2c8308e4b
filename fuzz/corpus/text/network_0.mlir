#loc = loc(unknown)
"builtin.module"() ({
  "func.func"() <{arg_attrs = [{mcu.name = "input_0"}, {mcu.name = "input_1"}], function_type = (tensor<2x5x1x2xf32>, tensor<1x3x7x3xf32>) -> (tensor<2x2x1x4x!quant.uniform<i8:f32, 5.000000e-01:-18>>, tensor<24x1x1xf32>, tensor<1x3x4x9xf32>, tensor<12x10xf32>), res_attrs = [{mcu.name = "conv_2d_2"}, {mcu.name = "relu6_6"}, {mcu.name = "add_8"}, {mcu.name = "fully_connected_10"}], sym_name = "main"}> ({
  ^bb0(%arg0: tensor<2x5x1x2xf32> loc(unknown), %arg1: tensor<1x3x7x3xf32> loc(unknown)):
    %0 = "nn.quantize"(%arg0) : (tensor<2x5x1x2xf32>) -> tensor<2x5x1x2x!quant.uniform<i8:f32, 3.906250e-03:17>> loc(#loc12)
    %1 = "nn.constant"() <{value = dense_resource<constant_0> : tensor<4x5x4x2xi8>}> : () -> tensor<4x5x4x2x!quant.uniform<i8:f32, 0.045565623790025711>> loc(#loc13)
    %2 = "nn.constant"() <{value = dense_resource<constant_1> : tensor<4xi32>}> : () -> tensor<4x!quant.uniform<i32:f32, 1.7799071792978793E-4>> loc(#loc13)
    %3 = "nn.conv_2d"(%0, %1, %2) <{activation = "none", dilations = array<i64: 1, 1>, pads = array<i64: 2, 2, 1, 2>, strides = array<i64: 1, 2>}> : (tensor<2x5x1x2x!quant.uniform<i8:f32, 3.906250e-03:17>>, tensor<4x5x4x2x!quant.uniform<i8:f32, 0.045565623790025711>>, tensor<4x!quant.uniform<i32:f32, 1.7799071792978793E-4>>) -> tensor<2x5x1x4x!quant.uniform<i8:f32, 0.065911293029785156:-104>> loc(#loc13)
    %4 = "nn.constant"() <{value = dense_resource<constant_2> : tensor<4x2x5x4xi8>}> : () -> tensor<4x2x5x4x!quant.uniform<i8:f32:0, {0.0039379950612783432,0.0046031642705202103,0.016300883144140244,0.0047129630111157894}>> loc(#loc14)
    %5 = "nn.conv_2d"(%3, %4) <{activation = "relu_n1_to_1", dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 2, 2>, strides = array<i64: 2, 1>}> : (tensor<2x5x1x4x!quant.uniform<i8:f32, 0.065911293029785156:-104>>, tensor<4x2x5x4x!quant.uniform<i8:f32:0, {0.0039379950612783432,0.0046031642705202103,0.016300883144140244,0.0047129630111157894}>>) -> tensor<2x2x1x4x!quant.uniform<i8:f32, 5.000000e-01:-18>> loc(#loc14)
    %6 = "nn.average_pool_2d"(%arg0) <{activation = "relu", kernel = array<i64: 4, 7>, pads = array<i64: 1, 2, 3, 3>, strides = array<i64: 2, 2>}> : (tensor<2x5x1x2xf32>) -> tensor<2x3x1x2xf32> loc(#loc15)
    %7 = "nn.constant"() <{value = dense_resource<constant_3> : tensor<4x1x5x2xf32>}> : () -> tensor<4x1x5x2xf32> loc(#loc16)
    %8 = "nn.constant"() <{value = dense_resource<constant_4> : tensor<4xf32>}> : () -> tensor<4xf32> loc(#loc16)
    %9 = "nn.conv_2d"(%6, %7, %8) <{activation = "none", dilations = array<i64: 1, 2>, pads = array<i64: 0, 0, 4, 4>, strides = array<i64: 1, 1>}> : (tensor<2x3x1x2xf32>, tensor<4x1x5x2xf32>, tensor<4xf32>) -> tensor<2x3x1x4xf32> loc(#loc16)
    %10 = "nn.reshape"(%9) : (tensor<2x3x1x4xf32>) -> tensor<24x1x1xf32> loc(#loc17)
    %11 = "nn.relu6"(%10) : (tensor<24x1x1xf32>) -> tensor<24x1x1xf32> loc(#loc18)
    %12 = "nn.constant"() <{value = dense_resource<constant_5> : tensor<1x1x4x9xf32>}> : () -> tensor<1x1x4x9xf32> loc(#loc19)
    %13 = "nn.constant"() <{value = dense_resource<constant_6> : tensor<9xf32>}> : () -> tensor<9xf32> loc(#loc19)
    %14 = "nn.depthwise_conv_2d"(%arg1, %12, %13) <{activation = "none", dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 1, 2>, strides = array<i64: 1, 2>}> : (tensor<1x3x7x3xf32>, tensor<1x1x4x9xf32>, tensor<9xf32>) -> tensor<1x3x4x9xf32> loc(#loc19)
    %15 = "nn.constant"() <{value = dense_resource<constant_7> : tensor<1x3x4x9xf32>}> : () -> tensor<1x3x4x9xf32> loc(#loc20)
    %16 = "nn.add"(%14, %15) <{activation = "relu"}> : (tensor<1x3x4x9xf32>, tensor<1x3x4x9xf32>) -> tensor<1x3x4x9xf32> loc(#loc20)
    %17 = "nn.add"(%16, %16) <{activation = "none"}> : (tensor<1x3x4x9xf32>, tensor<1x3x4x9xf32>) -> tensor<1x3x4x9xf32> loc(#loc21)
    %18 = "nn.constant"() <{value = dense_resource<constant_8> : tensor<10x9xf32>}> : () -> tensor<10x9xf32> loc(#loc22)
    %19 = "nn.constant"() <{value = dense_resource<constant_9> : tensor<10xf32>}> : () -> tensor<10xf32> loc(#loc22)
    %20 = "nn.fully_connected"(%17, %18, %19) <{activation = "none"}> : (tensor<1x3x4x9xf32>, tensor<10x9xf32>, tensor<10xf32>) -> tensor<12x10xf32> loc(#loc22)
    "func.return"(%5, %11, %16, %20) : (tensor<2x2x1x4x!quant.uniform<i8:f32, 5.000000e-01:-18>>, tensor<24x1x1xf32>, tensor<1x3x4x9xf32>, tensor<12x10xf32>) -> () loc(#loc)
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
#loc12 = loc("quantize_0"(#loc1))
#loc13 = loc("conv_2d_1"(#loc2))
#loc14 = loc("conv_2d_2"(#loc3))
#loc15 = loc("average_pool_2d_3"(#loc4))
#loc16 = loc("conv_2d_4"(#loc5))
#loc17 = loc("reshape_5"(#loc6))
#loc18 = loc("relu6_6"(#loc7))
#loc19 = loc("depthwise_conv_2d_7"(#loc8))
#loc20 = loc("add_8"(#loc9))
#loc21 = loc("add_9"(#loc10))
#loc22 = loc("fully_connected_10"(#loc11))

{-#
  dialect_resources: {
    builtin: {
      constant_0: "0x10000000BA822463769F0C9992DC536A2D91E8B002B886FF2230C87F1A847F6C681A44B59EFFF1D116DA81A5D26C3984653849C4C90B38B1FDD92C61B2DB51352C4A05D68EB93556D65A11C8FBDC80B2A1E956A8B4B0D21176FFC44DD7171C11246E4F234EF04B1AFF7F05657BBCF542011F2F0D5855846EC7E1B96C159A06B19E9B126E2D185095163AE74AA18A09E082324561617D581D9C32A2ACE15512514499986A",
      constant_1: "0x100000007AACFFFF045C00000006010080930000",
      constant_2: "0x100000006DDFAD18025885CE403F9572AD6D249C7006D67FEF610440DB791A377069298721D016BF3BEB6F5E6251F4DB33B9BDCC843101A9998D3790067E61E3DFFA1E2636F8099571356EB2F4C77CA6F90A2A1B9A4148957DE03F4C53083605BFBA82947132BDEEBAD60F53A95F8251727BC4318F7D509701EDCB290664B50C71CC21F1B24AF79FDCD48DBB98876F493DD41636731258994F05FADD8B88B26145FAE220",
      constant_3: "0x10000000F83DE33F6841D5BF583F51C06C4A3DC0F060103F68F29DBFB84652C0D05E49BFD05C1A4040A79ABED85E714028969DBFF4125FC0B0174ABF3CDF6740D0BD41C0C0767E3F7076C33FA82AFDBF40E5263E145F7E40E01F883E809E644020C51D3FF0C361400C2D69C030BD34BF58632B40A0DF933E2848714088FC903F045870C08C4770C000FBEF3D506EA2BFC0C1933E846A70C08018DA3F40CCEA3F2C5361C0",
      constant_4: "0x1000000070734C40EC427A40202626BF400A70BE",
      constant_5: "0x10000000B4CC76406078F9BEEC520140D4FC4A4030915A40502EEE3F2041D73EB8BEFBBF689E3D408CD92EC080B7D73D0035463FC0EDDA3E503480BFD0B61AC0E045993EC03AB2BF40BDBE3FB0476BBF00E145BD743D3C403036F9BF80A0DCBD4042E5BE2020643F2075D83FF0C6664050B413C01C9401C0A09EC93F64B82340C8B506C0304E484008F6B63FB4EF6840144C2640",
      constant_6: "0x10000000200FB73FE089853F40669DBF6C9432C0986CB03F488DC4BFA0B9F43E60D18ABF88AAB83F",
      constant_7: "0x10000000F04C2140387C04C06864BFBF0072243EDC3E4640E44B55C0742C5D4004392DC0A0B85B3F80DCF6BD403AED3E0020703FF83026C000D7583F908D6340303A41409C703F40001EC73EC8F4D93FA02EDE3E8CB05C40B0930FC0D8EE454080DCB8BFD4FC6CC040266FBEF0823DBF50490ABFFC6F4BC04033C73ED8FFABBF40A8E93F20E122C040CE0FBF10D4A7BFF064F93FE00817C010F622C06083C93EFC226C40D08867408C8708C01C5422C0A8E7F23FC0F0BE3F80C93A405864EA3FF0F7424080E5DBBFE0AD373F3C59334044DD5CC008352E40F0B48A3F80875BC030A41D4014A1124010B582BFD0E0F03FD041D5BF50F4803F40B278BE884A6C406034EB3E80A09F3F581ACEBF10F157C048DF20C05C3602C0C0D48A3F607CE83ED0DB61BFE0B047BF309904C0C8A54140C00C913F90E6413FC08B86BFBC4441C008136EC084903840A8C507C0CC570CC0FC5D694008E0254050657F3F686D454040F4833E00126B3F186AD3BF943D5DC0B00171C0686537409C140540901A16406823BEBFE8E9DDBF0040DFBA80BCE13FF0659A3FF46C4140B8C07EC050CAE33F9C112E404002F33FE4DD5AC040083BBE706B1DC0",
      constant_8: "0x10000000C0A940BEF4FB5FC0000E06404014E73EC4A92040E04DF63F18AF50C038CF6AC0100710C0C068D83F90B65EC0C4192AC018B9EFBF20ECDFBE70C4073FDCF434C02084813F004B57BE84B308C058B6F33F409A9E3FB47F09405051DA3F3C232FC0C0D15DBF24D747C0589B01C0406A6CC0A081BDBF48BA08C050AF563FC03E0840F83371C0A80B1940A0CF323F9C8C13C07C2478C0244D15C060F1FDBE20711E4040ABA0BED88F05C0108142C0884F35C0F49864C0104C4FBFC87498BFA0C02E4090450F3F98F5F5BF30906B402062F33F206D7BC000C844BE4CBC63C03042C2BFD0245040D0066040709745BF30F156BFC83A33C0C0E854C03C3B3D40D03DA33F68E6A23FAC3F09C09C1140C078742E40C0C53ABF24EB244080CEF43EF01CF3BFF834903FC8C044404038773F2047333FBC546FC0E0001F3FF00EDBBFE076A73EB4EA3FC06030883FB03F2EBF507AF7BFD0559C3F0086CA3CA0D86EC040ABC7BFE0F121C08C7A0CC0",
      constant_9: "0x1000000054DD2640F4473640008B8CBE44923E40F09CC33FF0D35A40B0567C4020D0C53E50281C40400B053E"
    }
  }
#-}

