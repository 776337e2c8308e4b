#loc = loc(unknown)
"builtin.module"() ({
  "func.func"() <{arg_attrs = [{mcu.name = "input_0"}], function_type = (tensor<4x4x!quant.uniform<i8:f32, 2.500000e-01>>) -> tensor<4x4x!quant.uniform<i8:f32, 2.500000e-01:3>>, res_attrs = [{mcu.name = "relu_0"}], sym_name = "main"}> ({
  ^bb0(%arg0: tensor<4x4x!quant.uniform<i8:f32, 2.500000e-01>> loc(unknown)):
    %0 = "nn.relu"(%arg0) : (tensor<4x4x!quant.uniform<i8:f32, 2.500000e-01>>) -> tensor<4x4x!quant.uniform<i8:f32, 2.500000e-01:3>> loc(#loc2)
    "func.return"(%0) : (tensor<4x4x!quant.uniform<i8:f32, 2.500000e-01:3>>) -> () loc(#loc)
  }) : () -> () loc(#loc)
}) {mcu.model = "random.tflite"} : () -> () loc(#loc)
#loc1 = loc("random.tflite":0:0)
#loc2 = loc("relu_0"(#loc1))

