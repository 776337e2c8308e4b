// A pass that changes what is computed: this one adds 3 instead of 2.
// RUN: thumbwright opt %s --validate-each --allow-external --pipeline 'external{cmd="sed s/2.:.i32/3:i32/"}'
// EXIT: 1
// ERR: validated: 0 runs of passes change no result
// ERR: error[P004]: pass `external` changed what the module computes
// ERR-NEXT: note: @f, sample 0: result 0, element 0: {{.*}} before, {{.*}} after
// ERR-NEXT: help: this is a bug of the pass; --fuel finds the change, `thumbwright reduce` a small module
// ERR-NOT: error[
"func.func"() <{function_type = (i32) -> i32, sym_name = "f"}> ({
^bb0(%x: i32):
  %0 = "arith.constant"() <{value = 2 : i32}> : () -> i32
  %1 = "arith.addi"(%0, %x) <{overflowFlags = #arith.overflow<none>}> : (i32, i32) -> i32
  "func.return"(%1) : (i32) -> ()
}) : () -> ()
