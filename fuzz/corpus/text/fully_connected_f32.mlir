#loc = loc(unknown)
"builtin.module"() ({
  "func.func"() <{arg_attrs = [{mcu.name = "input_0"}], function_type = (tensor<3x1xf32>) -> tensor<3x1xf32>, res_attrs = [{mcu.name = "fully_connected_0"}], sym_name = "main"}> ({
  ^bb0(%arg0: tensor<3x1xf32> loc(unknown)):
    %0 = "nn.constant"() <{value = dense<3.000000e+00> : tensor<1x1xf32>}> : () -> tensor<1x1xf32> loc(#loc2)
    %1 = "nn.constant"() <{value = dense<0.909359931> : tensor<1xf32>}> : () -> tensor<1xf32> loc(#loc2)
    %2 = "nn.fully_connected"(%arg0, %0, %1) <{activation = "relu6"}> : (tensor<3x1xf32>, tensor<1x1xf32>, tensor<1xf32>) -> tensor<3x1xf32> loc(#loc2)
    "func.return"(%2) : (tensor<3x1xf32>) -> () loc(#loc)
  }) : () -> () loc(#loc)
}) {mcu.model = "random.tflite"} : () -> () loc(#loc)
#loc1 = loc("random.tflite":0:0)
#loc2 = loc("fully_connected_0"(#loc1))

