// A program that writes something else than a module.
// RUN: thumbwright opt %s --allow-external --pipeline 'external{cmd="echo hello"}'
// EXIT: 1
// ERR: error[X003]: external pass `echo hello` wrote no module
// ERR: error[S013]: `hello` is not in the generic form
// ERR-NEXT: --> output of echo:1:1
// ERR-NEXT: 1 | hello
// ERR-NEXT: | ^
// ERR-NEXT: help: print the file with `mlir-opt --mlir-print-op-generic`, which puts the names of ops into quotes
// ERR-NOT: error[
"builtin.module"() ({}) : () -> ()
