"a.d"() {
  a = dense<[[1, 2], [3, -4]]> : tensor<2x2xi8>, b = dense<0> : tensor<1000xi32>, c = dense<> : tensor<0xi8>,
  d = dense<[1.0, -0.0, 1e30, 0x7F800000]> : tensor<4xf32>, e = dense<true> : tensor<9xi1>, f = dense<"0x01020304"> : tensor<4xi8>,
  g = dense<[true, false, true]> : tensor<3xi1>, h = dense<-9223372036854775808> : vector<2xi64>, i = dense<1.5> : tensor<f16>,
  j = dense<"0xFF"> : tensor<8xi1>, k = dense<[]> : tensor<0x3xf64>, l = dense<0.1> : tensor<2xbf16>, m = dense<7> : tensor<3xi3>, n = sparse<[], []> : tensor<2xi8>,
  o = dense_resource<blob> : tensor<2xi16>
} : () -> ()
{-# dialect_resources: {builtin: {blob: "0x1000000001000200", other: "0x04000000"}}, external_resources: {x: {y: 1, z: "s", w: true}} #-}
