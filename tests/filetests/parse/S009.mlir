// Types that do not exist here.
// RUN: thumbwright opt %s --verify-diagnostics --split-input-file --allow-unregistered
// expected-error@+1 {{error[S009]: `i0` is not an integer of 1 to 64 bits}}
"acme.op"() : () -> (i0)
// -----
// expected-error@+1 {{error[S009]: `complex` is no type of this IR}}
"acme.op"() : () -> (complex<f32>)
// -----
// expected-error@+1 {{error[S009]: unranked and scalable shapes are not supported}}
"acme.op"() : () -> (tensor<*xf32>)
// -----
// expected-error@+1 {{error[S009]: the dimensions of a vector are positive numbers}}
"acme.op"() : () -> (vector<?xi8>)
