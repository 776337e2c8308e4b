// Bytes in hexadecimal begin with 0x and come in pairs.
// RUN: thumbwright opt %s --verify-diagnostics --split-input-file --allow-unregistered
// expected-error@+1 {{error[S024]: a blob begins with `0x`}}
"acme.op"() {value = dense<"00"> : tensor<1xi8>} : () -> ()
// -----
// expected-error@+1 {{error[S024]: a blob of 1 digits ends within a byte}}
"acme.op"() {value = dense<"0x0"> : tensor<1xi8>} : () -> ()
// -----
// expected-error@+1 {{error[S024]: not a hexadecimal digit}}
"acme.op"() {value = dense<"0x0G"> : tensor<1xi8>} : () -> ()
