// Strings that are none.
// RUN: thumbwright opt %s --verify-diagnostics --split-input-file --allow-unregistered
// expected-error@+1 {{error[S003]: the string has no end on its line}}
"acme.op"() {value = "open} : () -> ()
// -----
// expected-error@+1 {{error[S003]: unknown escape in a string}}
"acme.op"() {value = "\q"} : () -> ()
// -----
// expected-error@+1 {{error[S003]: the string's bytes are not UTF-8}}
"acme.op"() {value = "\FF"} : () -> ()
