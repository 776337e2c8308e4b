// Wrong pipelines: the position, and the nearest name.
// RUN: thumbwright opt %s --pipeline 'builtin.module(func.func(dce)'
// EXIT: 1
// ERR: error[P001]: pipeline, at character 30: wants `,` or `)`
// ERR-NEXT: builtin.module(func.func(dce)
// ERR-NEXT: ^
// ERR-NOT: error[
// RUN: thumbwright opt %s --pipeline 'func.func(dec)'
// EXIT: 1
// ERR: error[P001]: pipeline, at character 26: no pass `dec`; did you mean `dce`?
// ERR-NEXT: builtin.module(func.func(dec))
// ERR-NEXT: ^
// ERR-NOT: error[
// RUN: thumbwright opt %s --pipeline 'func.fnc(dce)'
// EXIT: 1
// ERR: error[P001]: pipeline, at character 16: no op `func.fnc` is registered; did you mean `func.func`?
// ERR-NEXT: builtin.module(func.fnc(dce))
// ERR-NEXT: ^
// ERR-NOT: error[
// RUN: thumbwright opt %s --pipeline 'func.func(lower-nn)'
// EXIT: 1
// ERR: error[P001]: pipeline, at character 26: pass `lower-nn` runs on `builtin.module`, not on `func.func`
// ERR-NEXT: builtin.module(func.func(lower-nn))
// ERR-NEXT: ^
// ERR-NOT: error[
// RUN: thumbwright opt %s --pipeline 'plan-memory{algoritm=exact}'
// EXIT: 1
// ERR: error[P001]: pipeline, at character 16: pass `plan-memory` has no option `algoritm`, did you mean `algorithm`?; it has: algorithm, io
// ERR-NEXT: builtin.module(plan-memory{algoritm=exact})
// ERR-NEXT: ^
// ERR-NOT: error[
// RUN: thumbwright opt %s --pipeline 'plan-memory{io=arean}'
// EXIT: 1
// ERR: error[P001]: pipeline, at character 16: option `io=arean` of pass `plan-memory`: wants one of arena, caller; did you mean `arena`?
// ERR-NEXT: builtin.module(plan-memory{io=arean})
// ERR-NEXT: ^
// ERR-NOT: error[
"builtin.module"() ({}) : () -> ()
