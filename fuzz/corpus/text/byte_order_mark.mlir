// a byte order mark
"a.b"() : () -> ()
