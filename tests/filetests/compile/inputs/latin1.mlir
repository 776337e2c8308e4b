// A comment in Latin-1: größe.
"builtin.module"() ({}) : () -> ()
