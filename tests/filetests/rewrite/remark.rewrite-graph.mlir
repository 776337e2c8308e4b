// An activation behind a sum goes into it; nothing else computes it.
// RUN: thumbwright opt %s --verify-diagnostics --pipeline 'func.func(rewrite-graph)'
// expected-remark@+1 {{remark[remark.rewrite-graph]: rewritten: }}
"func.func"() <{function_type = (tensor<1x8xf32>) -> tensor<1x8xf32>, sym_name = "main"}> ({
^bb0(%x: tensor<1x8xf32>):
  %s = "nn.add"(%x, %x) <{activation = "none"}> : (tensor<1x8xf32>, tensor<1x8xf32>) -> tensor<1x8xf32>
  %y = "nn.relu"(%s) : (tensor<1x8xf32>) -> tensor<1x8xf32>
  "func.return"(%y) : (tensor<1x8xf32>) -> ()
}) : () -> ()
