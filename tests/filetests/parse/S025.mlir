// A resource without its alignment, and one that is there twice.
// RUN: thumbwright opt %s --verify-diagnostics --split-input-file --allow-unregistered
// expected-error@+1 {{error[S025]: resource `a` does not begin with its alignment}}
{-# dialect_resources: {builtin: {a: "0x01"}} #-}
// -----
{-#
  dialect_resources: {
    builtin: {
      a: "0x01000000",
      // expected-error@+1 {{error[S025]: resource `a` is defined twice}}
      a: "0x01000000"
    }
  }
#-}
