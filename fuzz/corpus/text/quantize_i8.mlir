#loc = loc(unknown)
"builtin.module"() ({
  "func.func"() <{arg_attrs = [{mcu.name = "input_0"}], function_type = (tensor<1x5x1x!quant.uniform<i8:f32, 6.250000e-02>>) -> tensor<1x5x1x!quant.uniform<i8:f32, 0.020982518792152405>>, res_attrs = [{mcu.name = "quantize_0"}], sym_name = "main"}> ({
  ^bb0(%arg0: tensor<1x5x1x!quant.uniform<i8:f32, 6.250000e-02>> loc(unknown)):
    %0 = "nn.quantize"(%arg0) : (tensor<1x5x1x!quant.uniform<i8:f32, 6.250000e-02>>) -> tensor<1x5x1x!quant.uniform<i8:f32, 0.020982518792152405>> loc(#loc2)
    "func.return"(%0) : (tensor<1x5x1x!quant.uniform<i8:f32, 0.020982518792152405>>) -> () loc(#loc)
  }) : () -> () loc(#loc)
}) {mcu.model = "random.tflite"} : () -> () loc(#loc)
#loc1 = loc("random.tflite":0:0)
#loc2 = loc("quantize_0"(#loc1))

