#loc = loc(unknown)
"builtin.module"() ({
  "func.func"() <{arg_attrs = [{mcu.name = "input_0"}], function_type = (tensor<2x3x2x!quant.uniform<i8:f32, 6.250000e-02:-69>>) -> tensor<2x3x2x!quant.uniform<i8:f32, 0.12464338541030884:-128>>, res_attrs = [{mcu.name = "add_0"}], sym_name = "main"}> ({
  ^bb0(%arg0: tensor<2x3x2x!quant.uniform<i8:f32, 6.250000e-02:-69>> loc(unknown)):
    %0 = "nn.add"(%arg0, %arg0) <{activation = "relu_n1_to_1"}> : (tensor<2x3x2x!quant.uniform<i8:f32, 6.250000e-02:-69>>, tensor<2x3x2x!quant.uniform<i8:f32, 6.250000e-02:-69>>) -> tensor<2x3x2x!quant.uniform<i8:f32, 0.12464338541030884:-128>> loc(#loc2)
    "func.return"(%0) : (tensor<2x3x2x!quant.uniform<i8:f32, 0.12464338541030884:-128>>) -> () loc(#loc)
  }) : () -> () loc(#loc)
}) {mcu.model = "random.tflite"} : () -> () loc(#loc)
#loc1 = loc("random.tflite":0:0)
#loc2 = loc("add_0"(#loc1))

