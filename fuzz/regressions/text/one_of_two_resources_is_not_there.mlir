"a.b"() {x = dense_resource<here> : tensor<1xi8>, y = dense_resource<missing> : tensor<1xi8>} : () -> ()
{-# dialect_resources: {builtin: {here: "0x1000000007"}} #-}
