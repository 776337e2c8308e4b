// States that are not the last arguments, have no result, count wrong, or begin with a value of another shape.
// RUN: thumbwright opt %s --verify-diagnostics
// expected-error@+1 {{error[V033]: `func.func`: states are the last arguments and the last results}}
"func.func"() <{arg_attrs = [{mcu.state}, {}], function_type = (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>, res_attrs = [{mcu.state}], sym_name = "first"}> ({
^bb0(%arg0: tensor<4xf32>, %arg1: tensor<4xf32>):
  "func.return"(%arg0) : (tensor<4xf32>) -> ()
}) : () -> ()
// expected-error@+1 {{error[V033]: `func.func`: 1 arguments are states, and 0 results}}
"func.func"() <{arg_attrs = [{mcu.state}], function_type = (tensor<4xf32>) -> tensor<4xf32>, sym_name = "no_result"}> ({
^bb0(%arg0: tensor<4xf32>):
  "func.return"(%arg0) : (tensor<4xf32>) -> ()
}) : () -> ()
// expected-error@+1 {{error[V033]: `func.func`: state 0 has one type as an argument and another as a result}}
"func.func"() <{arg_attrs = [{}, {mcu.state}], function_type = (tensor<4xf32>, tensor<2x2xf32>) -> tensor<4xf32>, res_attrs = [{mcu.state}], sym_name = "other_type"}> ({
^bb0(%arg0: tensor<4xf32>, %arg1: tensor<2x2xf32>):
  "func.return"(%arg0) : (tensor<4xf32>) -> ()
}) : () -> ()
// expected-error@+1 {{error[V033]: `func.func`: `mcu.init` of argument 0 has another shape or element type than the state}}
"func.func"() <{arg_attrs = [{mcu.init = dense<0> : tensor<4xi8>, mcu.state}], function_type = (tensor<4xf32>) -> tensor<4xf32>, res_attrs = [{mcu.state}], sym_name = "wrong_value"}> ({
^bb0(%arg0: tensor<4xf32>):
  "func.return"(%arg0) : (tensor<4xf32>) -> ()
}) : () -> ()
// expected-error@+1 {{error[V033]: `func.func`: argument 0 has `mcu.init` and is no state}}
"func.func"() <{arg_attrs = [{mcu.init = dense<0.0> : tensor<4xf32>}], function_type = (tensor<4xf32>) -> tensor<4xf32>, sym_name = "no_state"}> ({
^bb0(%arg0: tensor<4xf32>):
  "func.return"(%arg0) : (tensor<4xf32>) -> ()
}) : () -> ()
// expected-error@+1 {{error[V033]: `func.func`: `mcu.states` must count the arguments with `mcu.state`, which are 1, and no result may be a state}}
"func.func"() <{arg_attrs = [{}, {mcu.state}], function_type = (memref<4xi8>, memref<4xi8>) -> (), sym_name = "lowered"}> ({
^bb0(%arg0: memref<4xi8>, %arg1: memref<4xi8>):
  "func.return"() : () -> ()
}) {mcu.inputs = 1 : i64, mcu.states = 2 : i64} : () -> ()
// expected-error@+1 {{error[V033]: `func.func`: a state is counted as an input too}}
"func.func"() <{arg_attrs = [{}, {mcu.state}], function_type = (memref<4xi8>, memref<4xi8>) -> (), sym_name = "both"}> ({
^bb0(%arg0: memref<4xi8>, %arg1: memref<4xi8>):
  "func.return"() : () -> ()
}) {mcu.inputs = 2 : i64, mcu.states = 1 : i64} : () -> ()
