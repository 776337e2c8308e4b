// There is no network: no function `@main`.
// RUN: thumbwright opt %s --verify-diagnostics --pipeline lower-nn
// expected-error@unknown {{error[L001]: the module has no function @main}}
"builtin.module"() ({}) : () -> ()
