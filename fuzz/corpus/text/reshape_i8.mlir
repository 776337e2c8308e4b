#loc = loc(unknown)
"builtin.module"() ({
  "func.func"() <{arg_attrs = [{mcu.name = "input_0"}], function_type = (tensor<3x!quant.uniform<i8:f32, 1.000000e+00:127>>) -> tensor<3x!quant.uniform<i8:f32, 1.000000e+00:127>>, res_attrs = [{mcu.name = "reshape_0"}], sym_name = "main"}> ({
  ^bb0(%arg0: tensor<3x!quant.uniform<i8:f32, 1.000000e+00:127>> loc(unknown)):
    %0 = "nn.reshape"(%arg0) : (tensor<3x!quant.uniform<i8:f32, 1.000000e+00:127>>) -> tensor<3x!quant.uniform<i8:f32, 1.000000e+00:127>> loc(#loc2)
    "func.return"(%0) : (tensor<3x!quant.uniform<i8:f32, 1.000000e+00:127>>) -> () loc(#loc)
  }) : () -> () loc(#loc)
}) {mcu.model = "random.tflite"} : () -> () loc(#loc)
#loc1 = loc("random.tflite":0:0)
#loc2 = loc("reshape_0"(#loc1))

