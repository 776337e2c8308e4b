// Literals that do not fit their types.
// RUN: thumbwright opt %s --verify-diagnostics --split-input-file --allow-unregistered
// expected-error@+1 {{error[S023]: `1` is no float}}
"acme.op"() {value = 1 : f32} : () -> ()
// -----
// expected-error@+1 {{error[S023]: `1.5` is no integer}}
"acme.op"() {value = 1.5 : i32} : () -> ()
// -----
// expected-error@+1 {{error[S023]: true and false are elements of i1}}
"acme.op"() {value = dense<true> : tensor<2xi8>} : () -> ()
