// A value that two ops define.
// RUN: thumbwright opt %s --verify-diagnostics --allow-unregistered
%0 = "acme.one"() : () -> i8
// expected-error@+1 {{error[S015]: value `%0` is defined twice}}
%0 = "acme.two"() : () -> i8
