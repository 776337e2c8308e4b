#loc = loc(unknown)
"builtin.module"() ({
  "func.func"() <{arg_attrs = [{mcu.name = "input_0"}], function_type = (tensor<1x9x5x5x!quant.uniform<i8:f32, 3.906250e-03:94>>) -> tensor<1x2x3x5x!quant.uniform<i8:f32, 3.906250e-03:94>>, res_attrs = [{mcu.name = "average_pool_2d_0"}], sym_name = "main"}> ({
  ^bb0(%arg0: tensor<1x9x5x5x!quant.uniform<i8:f32, 3.906250e-03:94>> loc(unknown)):
    %0 = "nn.average_pool_2d"(%arg0) <{activation = "none", kernel = array<i64: 3, 7>, pads = array<i64: 0, 0, 3, 3>, strides = array<i64: 4, 2>}> : (tensor<1x9x5x5x!quant.uniform<i8:f32, 3.906250e-03:94>>) -> tensor<1x2x3x5x!quant.uniform<i8:f32, 3.906250e-03:94>> loc(#loc2)
    "func.return"(%0) : (tensor<1x2x3x5x!quant.uniform<i8:f32, 3.906250e-03:94>>) -> () loc(#loc)
  }) : () -> () loc(#loc)
}) {mcu.model = "random.tflite"} : () -> () loc(#loc)
#loc1 = loc("random.tflite":0:0)
#loc2 = loc("average_pool_2d_0"(#loc1))

