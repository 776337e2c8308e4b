// A type and an attribute of a dialect that is not registered.
// RUN: thumbwright opt %s --verify-diagnostics --split-input-file
// expected-error@+1 {{error[S012]: `!acme.y` is of the unknown dialect `acme`}}
"func.return"() {x = !acme.y} : () -> ()
// -----
// expected-error@+1 {{error[S012]: `#acme.y` is of the unknown dialect `acme`}}
"func.return"() {x = #acme.y} : () -> ()
