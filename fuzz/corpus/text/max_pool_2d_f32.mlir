#loc = loc(unknown)
"builtin.module"() ({
  "func.func"() <{arg_attrs = [{mcu.name = "input_0"}], function_type = (tensor<1x6x5x4xf32>) -> tensor<1x6x7x4xf32>, res_attrs = [{mcu.name = "max_pool_2d_0"}], sym_name = "main"}> ({
  ^bb0(%arg0: tensor<1x6x5x4xf32> loc(unknown)):
    %0 = "nn.max_pool_2d"(%arg0) <{activation = "none", kernel = array<i64: 1, 3>, pads = array<i64: 0, 0, 2, 2>, strides = array<i64: 1, 1>}> : (tensor<1x6x5x4xf32>) -> tensor<1x6x7x4xf32> loc(#loc2)
    "func.return"(%0) : (tensor<1x6x7x4xf32>) -> () loc(#loc)
  }) : () -> () loc(#loc)
}) {mcu.model = "random.tflite"} : () -> () loc(#loc)
#loc1 = loc("random.tflite":0:0)
#loc2 = loc("max_pool_2d_0"(#loc1))

