#a = [1, 2 : i8, "s", @f::@g, unit, true, array<i32: 1, -2>, array<f32: 1.0, 0x7FC00000>, array<i1: true, false>, array<i64>]
#b = {x = #a, "quoted key" = i32, y = (i32, f32) -> (), z}
!t = tensor<2x?x*xi8>
!u = memref<4x4xf32>
#loc1 = loc("a.mlir":1:2)
#loc2 = loc(callsite(#loc1 at "caller"("b":3:4)))
#loc3 = loc(fused<"meta">[#loc1, #loc2, unknown])
"a.b"() {k = #b, loc = #loc3} : () -> () loc(#loc3)
"a.c"() <{p = !u}> {d} : () -> !u loc("name"(#loc1))
