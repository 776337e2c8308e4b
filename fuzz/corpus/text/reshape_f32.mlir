#loc = loc(unknown)
"builtin.module"() ({
  "func.func"() <{arg_attrs = [{mcu.name = "input_0"}], function_type = (tensor<1xf32>) -> tensor<1xf32>, res_attrs = [{mcu.name = "reshape_0"}], sym_name = "main"}> ({
  ^bb0(%arg0: tensor<1xf32> loc(unknown)):
    %0 = "nn.reshape"(%arg0) : (tensor<1xf32>) -> tensor<1xf32> loc(#loc2)
    "func.return"(%0) : (tensor<1xf32>) -> () loc(#loc)
  }) : () -> () loc(#loc)
}) {mcu.model = "random.tflite"} : () -> () loc(#loc)
#loc1 = loc("random.tflite":0:0)
#loc2 = loc("reshape_0"(#loc1))

