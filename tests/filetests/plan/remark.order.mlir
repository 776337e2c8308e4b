// Two branches from one input. As written, both wide tensors are live at once; one branch after the other takes less.
// RUN: thumbwright opt %s --verify-diagnostics --pipeline 'func.func(order-operators)'
// expected-remark@+1 {{remark[remark.order]: reordered: 144 bytes live at the peak before, 84 after; no order has less}}
"func.func"() <{function_type = (tensor<1x4x1x1xf32>) -> tensor<1x1x1x1xf32>, sym_name = "main"}> ({
^bb0(%x: tensor<1x4x1x1xf32>):
  %a = "nn.concatenation"(%x, %x, %x, %x) <{axis = 2 : i64}> : (tensor<1x4x1x1xf32>, tensor<1x4x1x1xf32>, tensor<1x4x1x1xf32>, tensor<1x4x1x1xf32>) -> tensor<1x4x4x1xf32>
  %b = "nn.concatenation"(%x, %x, %x, %x) <{axis = 2 : i64}> : (tensor<1x4x1x1xf32>, tensor<1x4x1x1xf32>, tensor<1x4x1x1xf32>, tensor<1x4x1x1xf32>) -> tensor<1x4x4x1xf32>
  %p = "nn.max_pool_2d"(%a) <{activation = "none", kernel = array<i64: 4, 4>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>}> : (tensor<1x4x4x1xf32>) -> tensor<1x1x1x1xf32>
  %q = "nn.average_pool_2d"(%b) <{activation = "none", kernel = array<i64: 4, 4>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>}> : (tensor<1x4x4x1xf32>) -> tensor<1x1x1x1xf32>
  %y = "nn.add"(%p, %q) <{activation = "none"}> : (tensor<1x1x1x1xf32>, tensor<1x1x1x1xf32>) -> tensor<1x1x1x1xf32>
  "func.return"(%y) : (tensor<1x1x1x1xf32>) -> ()
}) : () -> ()
