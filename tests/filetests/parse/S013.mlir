// Ops in the form that only `mlir-opt` reads; `mlir-opt --mlir-print-op-generic` translates.
// RUN: thumbwright opt %s --verify-diagnostics --split-input-file --allow-unregistered
// expected-error@+1 {{error[S013]: `module` is not in the generic form}}
module {
}
// -----
// expected-error@+1 {{error[S013]: `arith.constant` is not in the generic form}}
%0 = arith.constant 1 : i32
