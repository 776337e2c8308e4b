// The end of a residual block: a sum, a ReLU, and another reader of the ReLU's result.
"func.func"() <{arg_attrs = [{mcu.name = "left"}, {mcu.name = "right"}], function_type = (tensor<1x6x6x5xf32>, tensor<1x6x6x5xf32>) -> tensor<1x6x6x5xf32>, res_attrs = [{mcu.name = "out"}], sym_name = "main"}> ({
^bb0(%left: tensor<1x6x6x5xf32>, %right: tensor<1x6x6x5xf32>):
  %sum = "nn.add"(%left, %right) <{activation = "none"}> : (tensor<1x6x6x5xf32>, tensor<1x6x6x5xf32>) -> tensor<1x6x6x5xf32> loc("sum")
  %relu = "nn.relu"(%sum) : (tensor<1x6x6x5xf32>) -> tensor<1x6x6x5xf32> loc("relu")
  %out = "nn.add"(%relu, %left) <{activation = "none"}> : (tensor<1x6x6x5xf32>, tensor<1x6x6x5xf32>) -> tensor<1x6x6x5xf32> loc("out")
  "func.return"(%out) : (tensor<1x6x6x5xf32>) -> ()
}) : () -> ()
