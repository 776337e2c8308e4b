// Constants that do not fit their shapes.
// RUN: thumbwright opt %s --verify-diagnostics --split-input-file --allow-unregistered
// expected-error@+1 {{error[S022]: the constant of type `tensor<3xi8>` has elements of shape 2}}
"acme.op"() {value = dense<[1, 2]> : tensor<3xi8>} : () -> ()
// -----
// expected-error@+1 {{error[S022]: a list of 2 elements beside one of 1}}
"acme.op"() {value = dense<[[1], [2, 3]]> : tensor<2x1xi8>} : () -> ()
// -----
// expected-error@+1 {{error[S022]: the constant of type `tensor<3xi8>` has 2 bytes}}
"acme.op"() {value = dense<"0x0102"> : tensor<3xi8>} : () -> ()
