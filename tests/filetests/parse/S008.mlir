// An alias that means two things.
// RUN: thumbwright opt %s --verify-diagnostics --allow-unregistered
#a = 1
// expected-error@+1 {{error[S008]: alias `#a` is defined twice}}
#a = 2
