#loc = loc(unknown)
"builtin.module"() ({
  "func.func"() <{arg_attrs = [{mcu.name = "input_0"}], function_type = (tensor<8xf32>) -> tensor<8xf32>, res_attrs = [{mcu.name = "relu_0"}], sym_name = "main"}> ({
  ^bb0(%arg0: tensor<8xf32> loc(unknown)):
    %0 = "nn.relu"(%arg0) : (tensor<8xf32>) -> tensor<8xf32> loc(#loc2)
    "func.return"(%0) : (tensor<8xf32>) -> () loc(#loc)
  }) : () -> () loc(#loc)
}) {mcu.model = "random.tflite"} : () -> () loc(#loc)
#loc1 = loc("random.tflite":0:0)
#loc2 = loc("relu_0"(#loc1))

