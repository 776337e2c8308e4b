// A network's op on constants is computed now; not where the result would be in flash besides its operand.
// RUN: thumbwright opt %s --verify-each --pipeline 'func.func(fold-constants)'
// CHECK: "nn.constant"() <{value = dense<{{.*}}1.000000e+00, 0.000000e+00{{.*}}
// CHECK-NOT: "nn.relu"
// RUN: thumbwright opt %s --pipeline 'func.func(fold-constants{max-bytes=4})'
// CHECK: "nn.relu"
"builtin.module"() ({
  "func.func"() <{sym_name = "main", function_type = (tensor<1x2xf32>) -> tensor<1x2xf32>}> ({
  ^bb0(%x: tensor<1x2xf32>):
    %c = "nn.constant"() <{value = dense<[[1.0, -2.0]]> : tensor<1x2xf32>}> : () -> tensor<1x2xf32>
    %r = "nn.relu"(%c) : (tensor<1x2xf32>) -> tensor<1x2xf32>
    %s = "nn.add"(%r, %x) <{activation = "none"}> : (tensor<1x2xf32>, tensor<1x2xf32>) -> tensor<1x2xf32>
    "func.return"(%s) : (tensor<1x2xf32>) -> ()
  }) : () -> ()
}) : () -> ()
