//! Modules built by hand, placed by hand, emitted, compiled by the host's compiler, run.
#![allow(dead_code, reason = "each test uses its part")]
#![allow(clippy::unwrap_used, reason = "tests")]

use codegen_c::{CFiles, Options};
use ir::dialects::{self, func};
use ir::{Builder, DialectRegistry, Module, OpState, Type, ValueId};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

/// A fresh module.
pub fn module() -> Module {
    let mut b = DialectRegistry::builder();
    dialects::register_all(&mut b).unwrap();
    interp::register(&mut b).unwrap();
    Module::new(Arc::new(b.freeze()))
}

/// Adds a kernel: `body` gets the arguments.
pub fn kernel(
    m: &mut Module,
    name: &str,
    args: &[Type],
    body: impl FnOnce(&mut Builder<'_>, &[ValueId]),
) {
    let loc = m.layer_loc(&format!("layer of {name}"), "net.tflite", 3, 0);
    let (f, entry) = func::build_func(m, name, args, &[], loc);
    let private = m.str_attr("private");
    m.set_prop(f, "sym_visibility", private);
    let values = m.block_args(entry).to_vec();
    let mut b = Builder::at_end(m, entry);
    b.set_loc(loc);
    body(&mut b, &values);
    b.op("func.return", &[], &[]);
}

/// Adds a constant global.
pub fn constant(m: &mut Module, name: &str, ty: Type, bytes: Vec<u8>) {
    let data = m.type_data(ty).clone();
    let tensor = m.tensor(data.shape().unwrap(), data.elem().unwrap());
    let value = m.dense_attr(tensor, bytes);
    global(m, name, ty, Some(value));
}

fn global(m: &mut Module, name: &str, ty: Type, value: Option<ir::Attr>) {
    let (sym, private, ty, unit, align) = (
        m.str_attr(name),
        m.str_attr("private"),
        m.type_attr(ty),
        m.unit_attr(),
        m.i64_attr(16),
    );
    let mut state = OpState::new("memref.global")
        .prop("sym_name", sym)
        .prop("sym_visibility", private)
        .prop("type", ty);
    state = state
        .prop("initial_value", value.unwrap_or(unit))
        .prop("alignment", align);
    if value.is_some() {
        state = state.prop("constant", unit);
    }
    let op = m.create(state);
    let body = m.body();
    m.append(body, op);
}

/// Where the tensors of `@main` live.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Io {
    Arena,
    Caller,
}

/// Adds a placed `@main`: tensors one after the other in the arena, then `scratch` bytes; `body` gets inputs, outputs and scratch.
pub fn main(
    m: &mut Module,
    io: Io,
    inputs: &[Type],
    outputs: &[Type],
    scratch: i64,
    body: impl FnOnce(&mut Builder<'_>, &[ValueId], &[ValueId], Option<ValueId>),
) {
    let all: Vec<Type> = inputs.iter().chain(outputs).copied().collect();
    let (mut offsets, mut at) = (Vec::new(), 0i64);
    for &t in &all {
        offsets.push(at);
        if io == Io::Arena {
            at += (m.size_bytes(t).unwrap() as i64 + 15) / 16 * 16;
        }
    }
    let i8 = m.i8();
    let arena = m.memref(&[at + scratch], i8);
    if at + scratch > 0 {
        global(m, "arena", arena, None);
    }
    let (f, entry) = func::build_func(m, "main", &all, &[], ir::Loc::UNKNOWN);
    let count = m.i64_attr(inputs.len() as i64);
    m.set_discardable(f, "mcu.inputs", count);
    for (i, &t) in all.iter().enumerate() {
        let name = m.str_attr(&if i < inputs.len() {
            format!("x{i}")
        } else {
            format!("y:{}", i - inputs.len())
        });
        func::set_arg_attr(m, f, i, "mcu.name", name);
        let data = m.type_data(t).clone();
        let tensor = m.tensor(data.shape().unwrap(), data.elem().unwrap());
        let tensor = m.type_attr(tensor);
        func::set_arg_attr(m, f, i, "mcu.type", tensor);
        if io == Io::Arena {
            let offset = m.i64_attr(offsets[i]);
            func::set_arg_attr(m, f, i, "mcu.offset", offset);
        }
    }
    let args = m.block_args(entry).to_vec();
    let mut b = Builder::at_end(m, entry);
    let scratch = (scratch > 0).then(|| {
        let ty = b.m.memref(&[scratch], i8);
        let base = b.get_global("arena", arena);
        let shift = b.const_index(at);
        let view = b.insert(
            OpState::new("memref.view")
                .operands(&[base, shift])
                .results(&[ty]),
        );
        b.m.result(view, 0)
    });
    body(
        &mut b,
        &args[..inputs.len()],
        &args[inputs.len()..],
        scratch,
    );
    b.op("func.return", &[], &[]);
}

/// One kernel that takes all inputs, then all outputs, and a `@main` in the arena that calls it.
pub fn single(
    inputs: &[(&[i64], u32)],
    outputs: &[(&[i64], u32)],
    body: impl FnOnce(&mut Builder<'_>, &[ValueId], &[ValueId]),
) -> Module {
    let mut m = module();
    let ty = |m: &mut Module, &(shape, bits): &(&[i64], u32)| {
        let e = elem(m, bits);
        m.memref(shape, e)
    };
    let ins: Vec<Type> = inputs.iter().map(|t| ty(&mut m, t)).collect();
    let outs: Vec<Type> = outputs.iter().map(|t| ty(&mut m, t)).collect();
    let all: Vec<Type> = ins.iter().chain(&outs).copied().collect();
    kernel(&mut m, "the_kernel", &all, |b, args| {
        body(b, &args[..ins.len()], &args[ins.len()..])
    });
    main(&mut m, Io::Arena, &ins, &outs, 0, |b, i, o, _| {
        let args: Vec<ValueId> = i.iter().chain(o).copied().collect();
        b.call("the_kernel", &args, &[]);
    });
    m
}

/// An integer type of a width; 0 stands for f32.
pub fn elem(m: &mut Module, bits: u32) -> Type {
    if bits == 0 { m.f32() } else { m.int(bits) }
}

pub fn host() -> target::Target {
    target::Targets::builtin().get("host").unwrap().clone()
}

/// Verifies and emits.
pub fn emit(m: &Module, name: &str) -> CFiles {
    let verified =
        ir::verify::verify(m).unwrap_or_else(|d| panic!("{d}\n{}", ir::text::print_module(m)));
    let options = Options {
        name: name.to_owned(),
        ..Options::default()
    };
    codegen_c::emit(verified, &host(), &options).unwrap_or_else(|d| panic!("{d}"))
}

pub fn write(files: &CFiles, to: &Path) {
    for f in files.files() {
        let path = to.join(&f.path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, &f.text).unwrap();
    }
}

/// Whether a program is there; what is not run without it is listed.
pub fn has(program: &str, what: &str) -> bool {
    prerequisites::programs(what, &[program])
}

pub const STRICT: [&str; 5] = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic"];

/// Runs a compiler; its messages are the panic's.
pub fn compile(program: &str, args: &[&str], dir: &Path) {
    let out = Command::new(program)
        .args(args)
        .current_dir(dir)
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&out.stderr);
    assert!(out.status.success(), "{program} {args:?}:\n{errors}");
}

/// A compiler, its flags, and what it stands for. `riscv64-unknown-elf-gcc` comes without a C library: the two functions that
/// the code needs are declared for it.
pub const COMPILERS: &[(&str, &[&str])] = &[
    ("gcc", &["-O2"]),
    ("gcc", &["-O3", "-std=gnu11"]),
    ("gcc", &["-O0"]),
    ("gcc", &["-Os"]),
    ("clang-19", &["-O2"]),
    (
        "clang-19",
        &[
            "-O2",
            "-Wshadow",
            "-Wconversion",
            "-Wsign-conversion",
            "-Wdouble-promotion",
            "-Wundef",
            "-Wstrict-prototypes",
            "-Wcast-align",
            "-Wvla",
        ],
    ),
    (
        "clang-19",
        &[
            "-O2",
            "--target=armv7em-none-eabi",
            "-mcpu=cortex-m4",
            "-ffreestanding",
            "-Istub",
        ],
    ),
    ("arm-none-eabi-gcc", &["-O2", "-mcpu=cortex-m0", "-mthumb"]),
    ("arm-none-eabi-gcc", &["-O2", "-mcpu=cortex-m3", "-mthumb"]),
    (
        "arm-none-eabi-gcc",
        &[
            "-O2",
            "-mcpu=cortex-m4",
            "-mthumb",
            "-mfpu=fpv4-sp-d16",
            "-mfloat-abi=hard",
        ],
    ),
    (
        "arm-none-eabi-gcc",
        &[
            "-O2",
            "-mcpu=cortex-m7",
            "-mthumb",
            "-mfpu=fpv5-d16",
            "-mfloat-abi=hard",
        ],
    ),
    (
        "arm-none-eabi-gcc",
        &["-O2", "-mcpu=cortex-m33", "-mthumb", "-mfloat-abi=hard"],
    ),
    (
        "arm-none-eabi-gcc",
        &["-O3", "-mcpu=cortex-m55", "-mthumb", "-mfloat-abi=hard"],
    ),
    ("avr-gcc", &["-Os", "-mmcu=atmega2560"]),
    (
        "riscv64-unknown-elf-gcc",
        &[
            "-O2",
            "-march=rv32imac",
            "-mabi=ilp32",
            "-ffreestanding",
            "-Istub",
        ],
    ),
    (
        "riscv64-unknown-elf-gcc",
        &[
            "-O2",
            "-march=rv64imafdc",
            "-mabi=lp64d",
            "-ffreestanding",
            "-Istub",
        ],
    ),
];

const STRING_H: &str = "#include <stddef.h>\nvoid *memcpy(void *restrict, const void *restrict, size_t);\nvoid *memmove(void *, const void *, size_t);\nvoid *memset(void *, int, size_t);\n";

/// Compiles sources with every compiler that is there, warnings being errors.
pub fn compile_with_all(test: &str, dir: &Path, sources: &[&str]) {
    std::fs::create_dir(dir.join("stub")).unwrap();
    std::fs::write(dir.join("stub/string.h"), STRING_H).unwrap();
    for (compiler, flags) in COMPILERS {
        if has(compiler, &format!("{test} with {compiler}")) {
            let mut all: Vec<&str> = STRICT.to_vec();
            all.extend(*flags);
            all.extend(["-Iinclude", "-c"]);
            all.extend(sources);
            compile(compiler, &all, dir);
        }
    }
}

/// A driver: one argument per tensor is not needed, inputs come from stdin one after the other, outputs go to stdout.
const DRIVER: &str = r#"
#include "net.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
int main(void)
{
    size_t size = NET_ARENA_SIZE + NET_ARENA_ALIGN;
    char *block = malloc(size);
    char *arena = block + (NET_ARENA_ALIGN - (uintptr_t)block % NET_ARENA_ALIGN) % NET_ARENA_ALIGN;
    static const size_t in_bytes[] = { IN_BYTES }, out_bytes[] = { OUT_BYTES };
    void *in[N_IN + 1], *out[N_OUT + 1];
    for (size_t i = 0; i < N_IN; i++) in[i] = malloc(in_bytes[i]);
    for (size_t i = 0; i < N_OUT; i++) out[i] = malloc(out_bytes[i]);
    for (;;) {
        memset(block, 0xa5, size);
        for (size_t i = 0; i < N_IN; i++)
            if (fread(in[i], 1, in_bytes[i], stdin) != in_bytes[i]) {
                for (i = 0; i < N_IN; i++) free(in[i]);
                for (i = 0; i < N_OUT; i++) free(out[i]);
                free(block);
                return 0;
            }
        int32_t status = net_run_in(arena, (const struct net_inputs *)in, (const struct net_outputs *)out);
        if (status != 0) return 100 - (int)status;
        for (size_t i = 0; i < N_OUT; i++) fwrite(out[i], 1, out_bytes[i], stdout);
    }
}
"#;

fn sizes(m: &Module) -> (Vec<usize>, Vec<usize>) {
    let main = m.lookup_symbol("main").unwrap();
    let n = m
        .attr_int(m.discardable(main, "mcu.inputs").unwrap())
        .unwrap() as usize;
    let all: Vec<usize> = m
        .block_args(m.entry_block(main).unwrap())
        .iter()
        .map(|&v| m.size_bytes(m.value_type(v)).unwrap() as usize)
        .collect();
    (all[..n].to_vec(), all[n..].to_vec())
}

/// Emits, builds with a compiler and flags, runs on samples (each one blob an input); the outputs of each.
pub fn run_with(
    m: &Module,
    compiler: &str,
    flags: &[&str],
    samples: &[Vec<Vec<u8>>],
) -> Vec<Vec<Vec<u8>>> {
    let dir = tempfile::tempdir().unwrap();
    write(&emit(m, "net"), dir.path());
    let (ins, outs) = sizes(m);
    let list = |v: &[usize]| {
        v.iter()
            .map(usize::to_string)
            .collect::<Vec<_>>()
            .join(", ")
    };
    let driver = DRIVER
        .replace("IN_BYTES", &list(&ins))
        .replace("OUT_BYTES", &list(&outs))
        .replace("N_IN", &ins.len().to_string())
        .replace("N_OUT", &outs.len().to_string());
    std::fs::write(dir.path().join("driver.c"), driver).unwrap();
    let mut strict: Vec<&str> = STRICT.to_vec();
    strict.extend(flags);
    strict.extend(["-Iinclude", "-c", "src/net.c", "src/net_data.c"]);
    compile(compiler, &strict, dir.path());
    // The driver's own headers need what a test takes from the model's C.
    let mut link: Vec<&str> = flags
        .iter()
        .copied()
        .filter(|f| !f.starts_with("-U"))
        .collect();
    link.extend([
        "-std=gnu11",
        "-Iinclude",
        "driver.c",
        "net.o",
        "net_data.o",
        "-o",
        "run",
    ]);
    compile(compiler, &link, dir.path());
    let mut child = Command::new(dir.path().join("run"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .env("UBSAN_OPTIONS", "halt_on_error=1:print_stacktrace=1")
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let bytes: Vec<u8> = samples.iter().flatten().flatten().copied().collect();
    let writer = std::thread::spawn(move || {
        use std::io::Write;
        let _ = stdin.write_all(&bytes);
    });
    let out = child.wait_with_output().unwrap();
    writer.join().unwrap();
    let source = std::fs::read_to_string(dir.path().join("src/net.c")).unwrap();
    assert!(
        out.status.success(),
        "{}: {}\n{source}",
        out.status,
        String::from_utf8_lossy(&out.stderr)
    );
    assert_eq!(
        out.stdout.len(),
        samples.len() * outs.iter().sum::<usize>(),
        "{source}"
    );
    let mut at = 0;
    samples
        .iter()
        .map(|_| {
            outs.iter()
                .map(|&n| {
                    at += n;
                    out.stdout[at - n..at].to_vec()
                })
                .collect()
        })
        .collect()
}

/// With the host's compiler and all sanitizers.
pub fn run(m: &Module, samples: &[Vec<Vec<u8>>]) -> Vec<Vec<Vec<u8>>> {
    let flags = [
        "-O1",
        "-g",
        "-fsanitize=address,undefined",
        "-fno-sanitize-recover=all",
    ];
    run_with(m, "cc", &flags, samples)
}

/// Little-endian bytes of integers of a width.
pub fn le(values: &[i64], bits: u32) -> Vec<u8> {
    values
        .iter()
        .flat_map(|v| v.to_le_bytes()[..bits as usize / 8].to_vec())
        .collect()
}

/// Integers of a width, sign-extended.
pub fn ints(bytes: &[u8], bits: u32) -> Vec<i64> {
    bytes
        .chunks_exact(bits as usize / 8)
        .map(|c| {
            let word = c.iter().rev().fold(0u64, |w, &b| w << 8 | u64::from(b));
            (word << (64 - bits)) as i64 >> (64 - bits)
        })
        .collect()
}

pub fn f32s(bytes: &[u8]) -> Vec<f32> {
    bytes
        .chunks_exact(4)
        .map(|c| f32::from_le_bytes(c.try_into().unwrap()))
        .collect()
}

pub fn le_f32(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_le_bytes()).collect()
}
