// The sum with the activation is new: rules made it, and it stands for two layers.
// RUN: thumbwright opt %s --verify-diagnostics --pipeline 'func.func(rewrite-graph{explain=true})'
// expected-remark@+1 {{remark[remark.rewrite-graph]: rewritten: }}
"func.func"() <{function_type = (tensor<1x8xf32>) -> tensor<1x8xf32>, sym_name = "main"}> ({
^bb0(%x: tensor<1x8xf32>):
  %s = "nn.add"(%x, %x) <{activation = "none"}> : (tensor<1x8xf32>, tensor<1x8xf32>) -> tensor<1x8xf32>
  // expected-remark@-1 {{remark[remark.rewritten]: `nn.add` is here by activation-into-producer}}
  %y = "nn.relu"(%s) : (tensor<1x8xf32>) -> tensor<1x8xf32>
  "func.return"(%y) : (tensor<1x8xf32>) -> ()
}) : () -> ()
