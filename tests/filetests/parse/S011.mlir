// A misspelt op, with the nearest name as help.
// RUN: thumbwright opt %s --verify-diagnostics
// expected-error@+1 {{error[S011]: op `arith.adi` is not registered}}
%0 = "arith.adi"() : () -> i32
