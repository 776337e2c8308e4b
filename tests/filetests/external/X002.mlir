// A program that does not exist.
// RUN: thumbwright opt %s --allow-external --pipeline 'external{cmd=acme-no-such-program}'
// EXIT: 1
// ERR: error[X002]: external pass `acme-no-such-program`: `acme-no-such-program` cannot be run: {{.*}}
// ERR-NOT: error[
"builtin.module"() ({}) : () -> ()
