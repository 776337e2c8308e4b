//! More memory than one arena: arenas in several pools, constants in a pool, states, arenas that models share.
#![allow(clippy::unwrap_used, reason = "tests")]

mod harness;

use codegen_c::{CFiles, MemoryNeed, Options, SharedArenas};
use harness::{STRICT, compile, compile_with_all, has, host, module, write};
use ir::Module;
use std::path::Path;
use std::process::Command;

/// `t[i] = x[i] · w[i]` into the other arena, `s[i] += t[i]`, `y[i] = s[i]`: one input, one output, one state of four.
const NETWORK: &str = r#"
"mcu.pool"() <{size = 65536 : i64, sym_name = "dtcm"}> : () -> ()
"mcu.pool"() <{size = 262144 : i64, sym_name = "sram"}> : () -> ()
"memref.global"() <{alignment = 16 : i64, constant, initial_value = dense<[3, 5, 7, -9]> : tensor<4xi8>, sym_name = "op0_weights", sym_visibility = "private", type = memref<4xi8>}> CONSTANT : () -> ()
ARENAS
"memref.global"() <{alignment = 16 : i64, initial_value, sym_name = "state", sym_visibility = "private", type = memref<24xi8>}> {mcu.persistent} : () -> ()
"func.func"() <{function_type = (memref<4xi8>, memref<4xi8>, memref<4xi32>) -> (), sym_name = "multiply", sym_visibility = "private"}> ({
^bb0(%x: memref<4xi8>, %w: memref<4xi8>, %t: memref<4xi32>):
  %0 = "arith.constant"() <{value = 0 : index}> : () -> index
  %4 = "arith.constant"() <{value = 4 : index}> : () -> index
  %1 = "arith.constant"() <{value = 1 : index}> : () -> index
  "scf.for"(%0, %4, %1) ({
  ^bb0(%i: index):
    %a = "memref.load"(%x, %i) : (memref<4xi8>, index) -> i8
    %b = "memref.load"(%w, %i) : (memref<4xi8>, index) -> i8
    %c = "arith.extsi"(%a) : (i8) -> i32
    %d = "arith.extsi"(%b) : (i8) -> i32
    %p = "arith.muli"(%c, %d) <{overflowFlags = #arith.overflow<none>}> : (i32, i32) -> i32
    "memref.store"(%p, %t, %i) : (i32, memref<4xi32>, index) -> ()
    "scf.yield"() : () -> ()
  }) : (index, index, index) -> ()
  "func.return"() : () -> ()
}) : () -> ()
"func.func"() <{function_type = (memref<4xi32>, memref<4xi32>, memref<4xi32>) -> (), sym_name = "add_up", sym_visibility = "private"}> ({
^bb0(%t: memref<4xi32>, %s: memref<4xi32>, %y: memref<4xi32>):
  %0 = "arith.constant"() <{value = 0 : index}> : () -> index
  %4 = "arith.constant"() <{value = 4 : index}> : () -> index
  %1 = "arith.constant"() <{value = 1 : index}> : () -> index
  "scf.for"(%0, %4, %1) ({
  ^bb0(%i: index):
    %a = "memref.load"(%t, %i) : (memref<4xi32>, index) -> i32
    %b = "memref.load"(%s, %i) : (memref<4xi32>, index) -> i32
    %c = "arith.addi"(%a, %b) <{overflowFlags = #arith.overflow<none>}> : (i32, i32) -> i32
    "memref.store"(%c, %s, %i) : (i32, memref<4xi32>, index) -> ()
    "memref.store"(%c, %y, %i) : (i32, memref<4xi32>, index) -> ()
    "scf.yield"() : () -> ()
  }) : (index, index, index) -> ()
  "func.return"() : () -> ()
}) : () -> ()
"func.func"() <{arg_attrs = [{mcu.name = "x"PLACE_X}, {mcu.name = "y"PLACE_Y}, {mcu.arena = @state, mcu.nameINIT, mcu.offset = 8 : i64, mcu.state}], function_type = (memref<4xi8>, memref<4xi32>, memref<4xi32>) -> (), sym_name = "main"}> ({
^bb0(%x: memref<4xi8>, %y: memref<4xi32>, %s: memref<4xi32>):
  %w = "memref.get_global"() <{name = @op0_weights}> : () -> memref<4xi8>
  VIEW
  "func.call"(%x, %w, %t) <{callee = @multiply}> : (memref<4xi8>, memref<4xi8>, memref<4xi32>) -> ()
  "func.call"(%t, %s, %y) <{callee = @add_up}> : (memref<4xi32>, memref<4xi32>, memref<4xi32>) -> ()
  "func.return"() : () -> ()
}) {mcu.inputs = 1 : i64, mcu.states = 1 : i64} : () -> ()
"#;

/// What varies of the network.
#[derive(Clone, Copy)]
struct Form {
    several: bool,
    io_in_arena: bool,
    init: &'static str,
}

/// The weights.
const W: [i32; 4] = [3, 5, 7, -9];

/// The state before the first run.
fn initial(form: Form) -> [i32; 4] {
    match form.init {
        ZERO => [0; 4],
        FILL => [-1; 4],
        _ => [100, -200, 300, 70_000],
    }
}

const ZERO: &str = "";
const FILL: &str = ", mcu.init = dense<-1> : tensor<4xi32>";
const BYTES: &str = ", mcu.init = dense<[100, -200, 300, 70000]> : tensor<4xi32>";

fn network(form: Form) -> Module {
    let arena = |name: &str, size: u32, pool: &str| {
        format!(
            "\"memref.global\"() <{{alignment = 16 : i64, initial_value, sym_name = \"{name}\", sym_visibility = \"private\", \
             type = memref<{size}xi8>}}> {{mcu.pool = @{pool}}} : () -> ()\n"
        )
    };
    let (arenas, t, x, y) = match form.several {
        true => (
            arena("arena_dtcm", 32, "dtcm") + &arena("arena_sram", 48, "sram"),
            ("arena_sram", 48, 32),
            ", mcu.arena = @arena_dtcm",
            ", mcu.arena = @arena_sram",
        ),
        false => (arena("arena", 64, "dtcm"), ("arena", 64, 48), "", ""),
    };
    let place = |arena: &str, offset: u32| match form.io_in_arena {
        true => format!(", mcu.offset = {offset} : i64{arena}"),
        false => String::new(),
    };
    let view = format!(
        "%g = \"memref.get_global\"() <{{name = @{0}}}> : () -> memref<{1}xi8>\n  \
         %o = \"arith.constant\"() <{{value = {2} : index}}> : () -> index\n  \
         %t = \"memref.view\"(%g, %o) : (memref<{1}xi8>, index) -> memref<4xi32>",
        t.0, t.1, t.2
    );
    let constant = if form.several {
        "{mcu.pool = @dtcm}"
    } else {
        ""
    };
    let text = NETWORK
        .replace("ARENAS\n", &arenas)
        .replace("CONSTANT", constant)
        .replace("VIEW", &view)
        .replace("PLACE_X", &place(x, 16))
        .replace("PLACE_Y", &place(y, 0))
        .replace("mcu.nameINIT", &format!("mcu.name = \"sum\"{}", form.init));
    let registry = module().registry().clone();
    ir::text::parse(
        &text,
        "net.mlir",
        registry,
        &ir::text::ParseOptions::default(),
    )
    .unwrap_or_else(|e| panic!("{e}\n{text}"))
}

fn emit(m: &Module, name: &str, shared: Option<SharedArenas>) -> CFiles {
    let verified = ir::verify::verify(m).unwrap_or_else(|e| panic!("{e}"));
    let options = Options {
        name: name.to_owned(),
        shared,
        ..Options::default()
    };
    codegen_c::emit(verified, &host(), &options).unwrap_or_else(|e| panic!("{e}"))
}

const SANITIZE: [&str; 3] = [
    "-g",
    "-fsanitize=address,undefined",
    "-fno-sanitize-recover=all",
];

/// Builds a program of some sources and runs it.
fn run(dir: &Path, test: &str, flags: &[&str], sources: &[&str]) {
    let prelude = "#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n\
                   #define CHECK(c) do { if (!(c)) { printf(\"line %d: %s\\n\", __LINE__, #c); return 1; } } while (0)\n";
    std::fs::write(dir.join("test.c"), format!("{prelude}#line 1\n{test}")).unwrap();
    let mut all = STRICT.to_vec();
    all.extend(SANITIZE);
    all.extend(flags);
    all.extend(["-Iinclude", "test.c"]);
    all.extend(sources);
    all.extend(["-o", "test"]);
    compile("cc", &all, dir);
    let out = Command::new(dir.join("test")).output().unwrap();
    assert!(
        out.status.success(),
        "{}{}",
        String::from_utf8_lossy(&out.stdout),
        String::from_utf8_lossy(&out.stderr)
    );
}

const SOURCES: [&str; 2] = ["src/net.c", "src/net_data.c"];

/// The expected outputs of some runs on inputs `k + 1, k + 2, …`, as a C array.
fn expected(form: Form, steps: i32) -> String {
    let mut sum = initial(form);
    let mut rows = String::new();
    for k in 0..steps {
        for (i, (s, w)) in sum.iter_mut().zip(W).enumerate() {
            *s += (k + 1 + i as i32) * w;
        }
        rows += &format!("    {{{}, {}, {}, {}}},\n", sum[0], sum[1], sum[2], sum[3]);
    }
    format!("static const int32_t WANT[{steps}][4] = {{\n{rows}}};\n")
}

/// The same steps in two instances, one of them behind the other, each in memory of its own; reset; the module's own memory.
fn steps(form: Form) -> String {
    let arenas = match form.several {
        true => {
            "static int8_t dtcm[2][NET_ARENA_DTCM_SIZE] __attribute__((aligned(16))), sram[2][NET_ARENA_SRAM_SIZE] __attribute__((aligned(16)));\n\
             static const struct net_arenas ARENA[2] = {{dtcm[0], sram[0]}, {dtcm[1], sram[1]}};\n\
             static const struct net_arenas BAD[3] = {{NULL, sram[0]}, {dtcm[0], NULL}, {dtcm[0], sram[0] + 4}};\n\
             #define AT(i) (&ARENA[i])\n\
             static void poison(int i) { memset(dtcm[i], 0xa5, sizeof dtcm[i]); memset(sram[i], 0xa5, sizeof sram[i]); }\n\
             static int bad_arenas(const struct net_inputs *in, const struct net_outputs *out, void *state)\n{\n\
             CHECK(net_run_in(NULL, state, in, out) == NET_ERROR_NULL_ARENA);\n\
             CHECK(net_run_in(&BAD[0], state, in, out) == NET_ERROR_NULL_ARENA);\n\
             CHECK(net_run_in(&BAD[1], state, in, out) == NET_ERROR_NULL_ARENA);\n\
             CHECK(net_run_in(&BAD[2], state, in, out) == NET_ERROR_ARENA_ALIGNMENT);\nreturn 0;\n}\n"
        }
        false => {
            "static int8_t memory[2][NET_ARENA_SIZE] __attribute__((aligned(16)));\n\
             #define AT(i) memory[i]\n\
             static void poison(int i) { memset(memory[i], 0xa5, sizeof memory[i]); }\n\
             static int bad_arenas(const struct net_inputs *in, const struct net_outputs *out, void *state)\n{\n\
             CHECK(net_run_in(NULL, state, in, out) == NET_ERROR_NULL_ARENA);\n\
             CHECK(net_run_in(memory[0] + 1, state, in, out) == NET_ERROR_ARENA_ALIGNMENT);\nreturn 0;\n}\n"
        }
    };
    let own = match form.io_in_arena {
        true => {
            "for (int k = 0; k < 5; k++) {\n\
             int8_t *at = net_input_0();\n\
             for (int i = 0; i < 4; i++) at[i] = (int8_t)(k + 1 + i);\n\
             CHECK(net_run(NULL, NULL) == NET_OK);\n\
             CHECK(memcmp(net_output_0(), WANT[k], sizeof WANT[k]) == 0);\n}\n"
        }
        false => "",
    };
    format!(
        r#"
#include "net.h"
{want}
{arenas}
static int8_t state[2][(NET_STATE_SIZE + 15) / 16 * 16] __attribute__((aligned(16)));
int main(void)
{{
    int8_t x[4] __attribute__((aligned(4)));
    int32_t y[4];
    const struct net_inputs in = {{x}};
    const struct net_outputs out = {{y}};
    CHECK(NET_STATE_SIZE == 24 && NET_STATE_0_OFFSET == 8 && NET_STATE_0_BYTES == 16);
    memset(state, 0xa5, sizeof state);
    CHECK(net_reset_in(NULL) == NET_ERROR_NULL_STATE && net_reset_in(state[0] + 4) == NET_ERROR_STATE_ALIGNMENT);
    CHECK(net_reset_in(state[0]) == NET_OK && net_reset_in(state[1]) == NET_OK);
    CHECK(bad_arenas(&in, &out, state[0]) == 0);
    CHECK(net_run_in(AT(0), NULL, &in, &out) == NET_ERROR_NULL_STATE);
    CHECK(net_run_in(AT(0), state[0] + 2, &in, &out) == NET_ERROR_STATE_ALIGNMENT);
    /* The first instance is one step ahead of the second. */
    for (int k = 0; k < 11; k++) {{
        for (int which = 0; which < 2; which++) {{
            const int at = k - which;
            if (at < 0 || at >= 10) continue;
            for (int i = 0; i < 4; i++) x[i] = (int8_t)(at + 1 + i);
            poison(which);
            CHECK(net_run_in(AT(which), state[which], &in, &out) == NET_OK);
            CHECK(memcmp(y, WANT[at], sizeof y) == 0);
        }}
    }}
    CHECK(net_reset_in(state[1]) == NET_OK);
    for (int i = 0; i < 4; i++) x[i] = (int8_t)(1 + i);
    CHECK(net_run_in(AT(1), state[1], &in, &out) == NET_OK && memcmp(y, WANT[0], sizeof y) == 0);
    /* The module's own memory needs no reset before its first run. */
    for (int round = 0; round < 2; round++) {{
        for (int k = 0; k < 10; k++) {{
            for (int i = 0; i < 4; i++) x[i] = (int8_t)(k + 1 + i);
            CHECK(net_run(&in, &out) == NET_OK);
            CHECK(memcmp(y, WANT[k], sizeof y) == 0);
        }}
        net_reset();
    }}
    {own}
    return 0;
}}
"#,
        want = expected(form, 10)
    )
}

#[test]
fn states_and_arenas() {
    if !has("cc", "states_and_arenas") {
        return;
    }
    for several in [true, false] {
        for io_in_arena in [true, false] {
            for init in [ZERO, FILL, BYTES] {
                let form = Form {
                    several,
                    io_in_arena,
                    init,
                };
                let dir = tempfile::tempdir().unwrap();
                write(&emit(&network(form), "net", None), dir.path());
                run(dir.path(), &steps(form), &["-O1"], &SOURCES);
            }
        }
    }
}

#[test]
fn no_compiler_warns() {
    for (several, init) in [(true, BYTES), (true, FILL), (false, ZERO)] {
        let form = Form {
            several,
            io_in_arena: several,
            init,
        };
        let dir = tempfile::tempdir().unwrap();
        write(&emit(&network(form), "net", None), dir.path());
        compile_with_all("no_compiler_warns", dir.path(), &SOURCES);
        if has("gcc", "the example") {
            let mut all = STRICT.to_vec();
            all.extend(["-Iinclude", "examples/main.c"]);
            all.extend(SOURCES);
            all.extend(["-o", "example"]);
            compile("gcc", &all, dir.path());
            let out = Command::new(dir.path().join("example")).output().unwrap();
            assert!(out.status.success());
        }
        if has("g++", "the header in C++") {
            let text = "#include \"net.h\"\nint main() { net_reset(); return net_run_in(0, 0, 0, 0) == NET_OK; }\n";
            std::fs::write(dir.path().join("use.cc"), text).unwrap();
            let all = [
                "-std=c++98",
                "-Wall",
                "-Wextra",
                "-Werror",
                "-Iinclude",
                "-c",
                "use.cc",
            ];
            compile("g++", &all, dir.path());
        }
    }
}

/// The module's own arenas, its state and the constants of a pool land in their sections, and `NET_NO_ARENA` leaves out what is the
/// module's own.
#[test]
fn sections() {
    if !has("gcc", "sections") || !has("objdump", "sections") {
        return;
    }
    let form = Form {
        several: true,
        io_in_arena: true,
        init: BYTES,
    };
    let dir = tempfile::tempdir().unwrap();
    write(&emit(&network(form), "net", None), dir.path());
    let dump = |flags: &[&str], source: &str, what: &str| {
        let mut all = vec!["-std=c99", "-Iinclude", "-c", source, "-o", "x.o"];
        all.extend(flags);
        compile("gcc", &all, dir.path());
        let dump = Command::new("objdump")
            .args([what, "x.o"])
            .current_dir(dir.path())
            .output()
            .unwrap();
        String::from_utf8(dump.stdout).unwrap()
    };
    let line = |dump: &str, symbol: &str| {
        let found = dump.lines().find(|l| l.contains(symbol));
        found
            .unwrap_or_else(|| panic!("{symbol} in\n{dump}"))
            .to_owned()
    };
    let code = dump(&[], "src/net.c", "-t");
    assert!(
        line(&code, "net_arena_dtcm").contains(".bss.dtcm"),
        "{code}"
    );
    assert!(
        line(&code, "net_arena_sram").contains(".bss.sram"),
        "{code}"
    );
    assert!(line(&code, "net_state").contains(" .data"), "{code}");
    // Arenas take no place in the file.
    let headers = dump(&[], "src/net.c", "-h");
    let mut lines = headers.lines().skip_while(|l| !l.contains(".bss.dtcm"));
    assert!(lines.nth(1).unwrap().trim() == "ALLOC", "{headers}");
    let data = dump(&[], "src/net_data.c", "-t");
    assert!(
        line(&data, "net_op0_weights").contains(".data.dtcm"),
        "{data}"
    );
    assert!(
        line(&data, "net_initial_state").contains(".rodata"),
        "{data}"
    );
    let none = dump(&["-DNET_NO_ARENA"], "src/net.c", "-t");
    assert!(
        !none.contains("net_arena") && !none.contains("net_run\n") && !none.contains("net_reset\n"),
        "{none}"
    );
    assert!(
        none.contains("net_run_in") && none.contains("net_reset_in"),
        "{none}"
    );
    let placed = [
        "-DNET_SECTION_DTCM=__attribute__((section(\".fast\")))",
        "-DNET_STATE_ATTR=__attribute__((section(\".kept\")))",
    ];
    let placed = dump(&placed, "src/net.c", "-t");
    assert!(
        line(&placed, "net_arena_dtcm").contains(".fast"),
        "{placed}"
    );
    assert!(line(&placed, "net_state").contains(".kept"), "{placed}");
    let placed = ["-DNET_DATA_SECTION_DTCM=__attribute__((section(\".fast.data\")))"];
    let placed = dump(&placed, "src/net_data.c", "-t");
    assert!(
        line(&placed, "net_op0_weights").contains(".fast.data"),
        "{placed}"
    );
}

/// Two models that share their arenas, run by turns; each has its own state.
#[test]
fn an_app() {
    if !has("cc", "an_app") {
        return;
    }
    let forms = [(true, FILL), (false, BYTES)].map(|(several, init)| Form {
        several,
        io_in_arena: true,
        init,
    });
    let modules = forms.map(network);
    let needs: Vec<Vec<MemoryNeed>> = modules
        .iter()
        .map(|m| {
            codegen_c::arenas(ir::verify::verify(m).unwrap_or_else(|e| panic!("{e}"))).unwrap()
        })
        .collect();
    let shared = SharedArenas::of("both", &needs).unwrap();
    let sizes: Vec<(Option<&str>, u64)> = shared
        .arenas()
        .map(|n| (n.pool.as_deref(), n.size))
        .collect();
    assert_eq!(sizes, [(Some("dtcm"), 64), (Some("sram"), 48)]);
    let files = [
        emit(&modules[0], "first", Some(shared.clone())),
        emit(&modules[1], "second", Some(shared.clone())),
    ];
    let app = codegen_c::emit_app(&shared, &host(), &[&files[0], &files[1]]);
    let dir = tempfile::tempdir().unwrap();
    for f in &files {
        write(f, dir.path());
    }
    for f in [&app.header, &app.source, &app.cmake, &app.example] {
        std::fs::write(dir.path().join(&f.path), &f.text).unwrap();
    }
    let test = format!(
        r#"
#include "both.h"
{}
{}
int main(void)
{{
    CHECK(BOTH_ARENA_DTCM_SIZE == 64 && BOTH_ARENA_SRAM_SIZE == 48);
    CHECK((int8_t *)first_input_0() == both_arena_dtcm + 16 && (int8_t *)second_input_0() == both_arena_dtcm + 16);
    for (int k = 0; k < 10; k++) {{
        int8_t *x = first_input_0();
        for (int i = 0; i < 4; i++) x[i] = (int8_t)(k + 1 + i);
        CHECK(first_run(NULL, NULL) == FIRST_OK && memcmp(first_output_0(), FIRST[k], sizeof FIRST[k]) == 0);
        x = second_input_0();
        for (int i = 0; i < 4; i++) x[i] = (int8_t)(k + 1 + i);
        CHECK(second_run(NULL, NULL) == SECOND_OK && memcmp(second_output_0(), SECOND[k], sizeof SECOND[k]) == 0);
    }}
    return 0;
}}
"#,
        expected(forms[0], 10).replace("WANT", "FIRST"),
        expected(forms[1], 10).replace("WANT", "SECOND"),
    );
    let sources = [
        "src/first.c",
        "src/first_data.c",
        "src/second.c",
        "src/second_data.c",
        "src/both.c",
    ];
    run(dir.path(), &test, &["-O1"], &sources);
    if has("cmake", "the CMake project of an app") {
        for args in [
            &["-S", ".", "-B", "build", "-DBOTH_EXAMPLE=ON"][..],
            &["--build", "build"],
        ] {
            compile("cmake", args, dir.path());
        }
        let out = Command::new(dir.path().join("build/both_example"))
            .output()
            .unwrap();
        assert!(out.status.success());
        assert_eq!(String::from_utf8(out.stdout).unwrap().lines().count(), 8);
    }
    assert!(SharedArenas::of("a-b", &needs).is_err());
}

/// The header, the source and the data of several arenas and a state, as a person reads them. `BLESS=1` rewrites the expected files.
#[test]
fn golden_text() {
    let form = Form {
        several: true,
        io_in_arena: true,
        init: BYTES,
    };
    let files = emit(&network(form), "pools", None);
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    for (file, name) in [
        (&files.header, "pools.h"),
        (&files.source, "pools.c"),
        (&files.data, "pools_data.c"),
    ] {
        let path = golden.join(name);
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(&path, &file.text).unwrap();
        }
        let want = std::fs::read_to_string(&path).unwrap();
        assert_eq!(file.text, want, "{name} differs: BLESS=1 rewrites it");
    }
}
