"builtin.module"() ({
  "func.func"() <{function_type = (i32) -> i32, sym_name = "f", sym_visibility = "private"}> ({
  ^bb0(%arg0: i32 loc("x":1:1)):
    %0:2 = "a.two"(%arg0, %arg0) ({
    }, {
      "a.inner"(%0#1) : (i32) -> ()
    }, {
    ^bb1(%x: i1, %y: index):
      "a.br"() [^bb2, ^bb1] : () -> ()
    ^bb2:
      "a.end"() : () -> ()
    }) {a = 1} : (i32, i32) -> (i32, i32)
    "func.return"(%0#0) : (i32) -> ()
  }) : () -> ()
}) {mcu.x = "y"} : () -> () loc(unknown)
