"a.t"() {a = !d.x<a<b, "c>">, [1, {2}]>, b = #d.y<"x">, c = #d<z>, d = !d<w>, e = tensor<*xf32>, f = memref<?x4xi8, 1>, g = vector<4xi8>, h = vector<[4]x2xf32>,
  i = tuple<i8, tuple<>>, j = complex<f32>, k = none, l = index, m = ui8, n = si17, o = i16777215, p = f80, q = f128, r = f8E4M3FN, s = tf32,
  t = tensor<4x!quant.uniform<i8:f32, 0.5:-3>>, u = affine_map<(d0)[s0] -> (d0 + s0)>, v = affine_set<(d0) : (d0 >= 0)>, w = !quant.uniform<i8:f32:1, {0.5:1, 0.25}>,
  x = memref<4xi8, strided<[1], offset: ?>>, y = 0x7F : i8, z = -0x1 : i64, aa = 1.0e-400 : f64, ab = 340282350000000000000000000000000000001.0 : f32, ac = 0x7FC00001 : f32,
  ad = distinct[0]<unit>, ae = "esc\22\\\n\t\FF\00", af = @"quoted sym"::@x, ag = -1 : index, ah = 18446744073709551615 : ui64, ai = opaque<"d", "0x00">, aj = "typed" : i8} : () -> ()
