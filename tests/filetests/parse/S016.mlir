// A value of one type, used as another, above and below its definition.
// RUN: thumbwright opt %s --verify-diagnostics --split-input-file --allow-unregistered
%0 = "acme.def"() : () -> i8
// expected-error@+1 {{error[S016]: `%0` is of type i8, used as i16}}
"acme.use"(%0) : (i16) -> ()
// -----
// expected-error@+1 {{error[S016]: `%0` is of type i8, used as i16}}
"acme.use"(%0) : (i16) -> ()
%0 = "acme.def"() : () -> i8
