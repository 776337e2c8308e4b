// A gigabyte that a short text stands for.
// RUN: thumbwright opt %s --verify-diagnostics --allow-unregistered
// expected-error@+1 {{error[S006]: splats of more than 67108864 bytes in one module}}
"acme.op"() {value = dense<1> : tensor<1000000000xi8>} : () -> ()
