// A network whose states change places at each run, float: y = a + x, a' = b, b' = a, and c' = relu(x), which is computed right in c's
// memory, after c was read for z = c + x. d stays what it is, w = d + x.
"func.func"() <{arg_attrs = [{mcu.name = "x"}, {mcu.init = dense<[1.0, 2.0]> : tensor<2xf32>, mcu.name = "a", mcu.state}, {mcu.init = dense<[30.0, 40.0]> : tensor<2xf32>, mcu.name = "b", mcu.state}, {mcu.name = "c", mcu.state}, {mcu.init = dense<0.25> : tensor<2xf32>, mcu.name = "d", mcu.state}], function_type = (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>), res_attrs = [{mcu.name = "y"}, {mcu.name = "z"}, {mcu.name = "w"}, {mcu.state}, {mcu.state}, {mcu.state}, {mcu.state}], sym_name = "main"}> ({
^bb0(%x: tensor<2xf32>, %a: tensor<2xf32>, %b: tensor<2xf32>, %c: tensor<2xf32>, %d: tensor<2xf32>):
  %y = "nn.add"(%a, %x) <{activation = "none"}> : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  %z = "nn.add"(%c, %x) <{activation = "none"}> : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  %w = "nn.add"(%d, %x) <{activation = "none"}> : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  %new = "nn.relu"(%x) : (tensor<2xf32>) -> tensor<2xf32>
  "func.return"(%y, %z, %w, %b, %a, %new, %d) : (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> ()
}) : () -> ()
