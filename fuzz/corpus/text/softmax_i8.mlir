#loc = loc(unknown)
"builtin.module"() ({
  "func.func"() <{arg_attrs = [{mcu.name = "input_0"}], function_type = (tensor<17x!quant.uniform<i8:f32, 5.000000e-01>>) -> tensor<17x!quant.uniform<i8:f32, 3.906250e-03:-128>>, res_attrs = [{mcu.name = "softmax_0"}], sym_name = "main"}> ({
  ^bb0(%arg0: tensor<17x!quant.uniform<i8:f32, 5.000000e-01>> loc(unknown)):
    %0 = "nn.softmax"(%arg0) <{beta = 1.000000e+00 : f32}> : (tensor<17x!quant.uniform<i8:f32, 5.000000e-01>>) -> tensor<17x!quant.uniform<i8:f32, 3.906250e-03:-128>> loc(#loc2)
    "func.return"(%0) : (tensor<17x!quant.uniform<i8:f32, 3.906250e-03:-128>>) -> () loc(#loc)
  }) : () -> () loc(#loc)
}) {mcu.model = "random.tflite"} : () -> () loc(#loc)
#loc1 = loc("random.tflite":0:0)
#loc2 = loc("softmax_0"(#loc1))

