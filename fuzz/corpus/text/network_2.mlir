#loc = loc(unknown)
"builtin.module"() ({
  "func.func"() <{arg_attrs = [{mcu.name = "input_0"}], function_type = (tensor<1x4x7x3x!quant.uniform<i8:f32, 1.9360027313232422:-128>>) -> (tensor<2x3xf32>, tensor<1x1x2x3xf32>, tensor<1x2x3x12xf32>), res_attrs = [{mcu.name = "fully_connected_2"}, {mcu.name = "add_3"}, {mcu.name = "depthwise_conv_2d_5"}], sym_name = "main"}> ({
  ^bb0(%arg0: tensor<1x4x7x3x!quant.uniform<i8:f32, 1.9360027313232422:-128>> loc(unknown)):
    %0 = "nn.dequantize"(%arg0) : (tensor<1x4x7x3x!quant.uniform<i8:f32, 1.9360027313232422:-128>>) -> tensor<1x4x7x3xf32> loc(#loc7)
    %1 = "nn.max_pool_2d"(%0) <{activation = "none", kernel = array<i64: 3, 5>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 3, 2>}> : (tensor<1x4x7x3xf32>) -> tensor<1x1x2x3xf32> loc(#loc8)
    %2 = "nn.constant"() <{value = dense_resource<constant_0> : tensor<3x3xf32>}> : () -> tensor<3x3xf32> loc(#loc9)
    %3 = "nn.constant"() <{value = dense<[-1.000000e+03, -9.999940e-41, -5.000000e-01]> : tensor<3xf32>}> : () -> tensor<3xf32> loc(#loc9)
    %4 = "nn.fully_connected"(%1, %2, %3) <{activation = "none"}> : (tensor<1x1x2x3xf32>, tensor<3x3xf32>, tensor<3xf32>) -> tensor<2x3xf32> loc(#loc9)
    %5 = "nn.add"(%1, %1) <{activation = "none"}> : (tensor<1x1x2x3xf32>, tensor<1x1x2x3xf32>) -> tensor<1x1x2x3xf32> loc(#loc10)
    %6 = "nn.constant"() <{value = dense_resource<constant_2> : tensor<6x3x3x3xf32>}> : () -> tensor<6x3x3x3xf32> loc(#loc11)
    %7 = "nn.constant"() <{value = dense_resource<constant_3> : tensor<6xf32>}> : () -> tensor<6xf32> loc(#loc11)
    %8 = "nn.conv_2d"(%0, %6, %7) <{activation = "relu_n1_to_1", dilations = array<i64: 2, 1>, pads = array<i64: 2, 2, 1, 1>, strides = array<i64: 1, 2>}> : (tensor<1x4x7x3xf32>, tensor<6x3x3x3xf32>, tensor<6xf32>) -> tensor<1x4x4x6xf32> loc(#loc11)
    %9 = "nn.constant"() <{value = dense_resource<constant_4> : tensor<1x1x3x12xf32>}> : () -> tensor<1x1x3x12xf32> loc(#loc12)
    %10 = "nn.depthwise_conv_2d"(%8, %9) <{activation = "none", dilations = array<i64: 1, 1>, pads = array<i64: 0, 1, 1, 3>, strides = array<i64: 4, 2>}> : (tensor<1x4x4x6xf32>, tensor<1x1x3x12xf32>) -> tensor<1x2x3x12xf32> loc(#loc12)
    "func.return"(%4, %5, %10) : (tensor<2x3xf32>, tensor<1x1x2x3xf32>, tensor<1x2x3x12xf32>) -> () loc(#loc)
  }) : () -> () loc(#loc)
}) {mcu.model = "random.tflite"} : () -> () loc(#loc)
#loc1 = loc("random.tflite":0:0)
#loc2 = loc("random.tflite":1:0)
#loc3 = loc("random.tflite":2:0)
#loc4 = loc("random.tflite":3:0)
#loc5 = loc("random.tflite":4:0)
#loc6 = loc("random.tflite":5:0)
#loc7 = loc("dequantize_0"(#loc1))
#loc8 = loc("max_pool_2d_1"(#loc2))
#loc9 = loc("fully_connected_2"(#loc3))
#loc10 = loc("add_3"(#loc4))
#loc11 = loc("conv_2d_4"(#loc5))
#loc12 = loc("depthwise_conv_2d_5"(#loc6))

{-#
  dialect_resources: {
    builtin: {
      constant_0: "0x10000000F8ACFB3F18CBAFBF800D8A3E44BD2A4024B859C0200DABBEDC7312C080FB7ABFA08F33C0",
      constant_2: "0x10000000800FD73EB8DEA6BFD87904C0C88242C0846D7AC00033C0BE38B9C63F40CDC4BE80216840403D363F340D3440C0AA65BFC8B6E73FE8B5A0BFB86A1F4020CC2FC0405CB33F00E25EBE70901F40DC5A5DC018DE214018F9F3BF40AEBA3EC064C9BF8833A2BFC8C0464000F6E43E5040E1BFF04C7240D44650C0E0947C407CBE2F408026C8BF6CBE3DC010644EC0C037C43EE86AD53FE037B7BE6C0D49C008923EC0E08E993E0852A23F202886BFD0FA75BFD087B9BF200812C0685922C060FF46C0B0516F3F902E203F48940BC010B245C0E0BADA3FECC40040A0B1C1BE90740AC0A03AE1BF9C040E4054105740E0DD803E28864C40C4FE5340D8A06CC0C89DC4BF28AFCE3F2C4523C088C49BBF38DB72C0C0FD803FE8713640001355BDA8D2A6BF084D833FEC4003401C1531C0249A4EC0402E09BF608AD43EE8A9813FE0BA6A3FFC4A4040F0DE903F0CF338C0483B2440CC395540903638C0B072BA3F74EB3A4028BC893F8091A03FB0C0154028E8DE3F946E5F4090FCDE3F40D57740A0372E3F20F509C014E348C0A08E1140800CB7BE80D6BB3F704FE8BFA802973FA8AB8FBF8828CF3F00C36640E858144024462CC0E89AB9BF5097573F282EDDBF288301403057283FE8D43BC030AB5AC0048A5A40603A31BF78DEC8BF5034F4BF003B28BDC0A828BF30D57B3FA4715840C04C19BE403811C01C650CC0ACF41DC040D5E53FA0E240C08867833F58A9E13FB0ED71C0C0D992BF88EF0CC0D8D4AF3F303D2DBF40A14EBE206E4F406833F0BFC86621C070A44BC0D8DE74C0801A59BF4876084078DEB73FF0DE11BFACAE19C0C87B3840E0EB763FD059584048B2953FE075D53E00946E3C088E5840ACEF2B408CEF2CC0183F0640602AF7BE80AD23BFDC58004024822940A0B0C33F",
      constant_3: "0x1000000004C175C0007BB6BE34D702C0802F66C0A06D3B40A46F0140",
      constant_4: "0x10000000249E03C0F0D1D23F485C21C014A879C08077D5BD8804A43FB08266BFB81BE73FC48074C0BC2F04C0C0710B3FD0BAA43F843C41C01C5C71C01C021FC0D0B6BB3FA074683F2030063F007BEB3FBCAA36403CB503C0D0DED1BFB0548EBF1CA72F40804E353ED4C92D4040CC3C3FD09E5640E0452EC0003E933C1CF14DC0348E3C4070764BBF40810DC07C7673C0A45766C0"
    }
  }
#-}

