// A resource that the file does not have, and one of the wrong size.
// RUN: thumbwright opt %s --verify-diagnostics
// expected-error@+1 {{error[V019]: `memref.global`: resource `absent` is missing}}
"memref.global"() <{initial_value = dense_resource<absent> : tensor<4xi8>, sym_name = "a", type = memref<4xi8>}> : () -> ()
// expected-error@+1 {{error[V019]: `memref.global`: constant of 4 bytes has 3 bytes}}
"memref.global"() <{initial_value = dense_resource<short> : tensor<4xi8>, sym_name = "b", type = memref<4xi8>}> : () -> ()
{-#
  dialect_resources: {
    builtin: {
      short: "0x01000000010203"
    }
  }
#-}
