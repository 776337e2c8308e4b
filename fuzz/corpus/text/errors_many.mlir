"a.b"( : () -> ()
%1 = "a.b"(%undefined) : (i8) -> i8
%1 = "a.b"() : () -> i8
"a.b"() {x = 300 : i8, y = dense<[1, [2]]> : tensor<2xi8>} : () -> ()
"a.b"() {x = "unterminated
arith.addi %a, %b : i32
"unregistered.op"(%1#3) {a, a} : (i8) -> ()
#undefined = #missing
"a.b"() : () -> () loc(#never)
{-# dialect_resources: {builtin: {b: "0x0"}} #-}
é ☃ "a.b"() : () -> ( ^bb7:
