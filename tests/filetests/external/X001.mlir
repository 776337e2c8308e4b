// A pipeline that wants to run a program, which nobody allowed.
// RUN: thumbwright opt %s --pipeline 'external{cmd="echo hello"}'
// EXIT: 1
// ERR: error[X001]: the pipeline wants to run `echo hello`
// ERR-NEXT: help: with --allow-external it may; look at the command first
// ERR-NOT: error[
"builtin.module"() ({}) : () -> ()
