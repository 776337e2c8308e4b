#loc = loc(unknown)
"builtin.module"() ({
  "func.func"() <{arg_attrs = [{mcu.name = "input_0"}], function_type = (tensor<1x!quant.uniform<i8:f32, 5.000000e-01:76>>) -> tensor<1xf32>, res_attrs = [{mcu.name = "dequantize_0"}], sym_name = "main"}> ({
  ^bb0(%arg0: tensor<1x!quant.uniform<i8:f32, 5.000000e-01:76>> loc(unknown)):
    %0 = "nn.dequantize"(%arg0) : (tensor<1x!quant.uniform<i8:f32, 5.000000e-01:76>>) -> tensor<1xf32> loc(#loc2)
    "func.return"(%0) : (tensor<1xf32>) -> () loc(#loc)
  }) : () -> () loc(#loc)
}) {mcu.model = "random.tflite"} : () -> () loc(#loc)
#loc1 = loc("random.tflite":0:0)
#loc2 = loc("dequantize_0"(#loc1))

