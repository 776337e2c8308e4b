//! Placed modules as programs of the host, by MLIR's passes and LLVM.

mod strip;

use ir::Module;
use ir::dialects::func;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// The programs that it takes.
pub const TOOLS: &[&str] = &["mlir-opt-19", "mlir-translate-19", "clang-19"];

/// From `scf`, `memref`, `arith`, `vector` and `func` to the LLVM dialect, memrefs as bare pointers.
const LOWERING: &str = "builtin.module(convert-vector-to-llvm,convert-scf-to-cf,expand-strided-metadata,finalize-memref-to-llvm,\
     convert-math-to-llvm,convert-arith-to-llvm,convert-func-to-llvm{use-bare-ptr-memref-call-conv=true},convert-cf-to-llvm,\
     reconcile-unrealized-casts)";

/// The first line of each module that `mlir-translate-19` prints.
const MODULE: &str = "; ModuleID = 'LLVMDialectModule'\n";

/// A module and its inputs.
pub struct Case {
    /// For messages.
    pub name: String,
    module: Module,
    inputs: Vec<Vec<u8>>,
}

/// An argument of `@main`: how many bytes, and where in the arena.
struct Buffer {
    size: u64,
    offset: Option<i64>,
}

impl Case {
    pub fn new(name: &str, module: Module, inputs: Vec<Vec<u8>>) -> Case {
        Case {
            name: name.to_owned(),
            module,
            inputs,
        }
    }

    fn main(&self) -> ir::OpId {
        self.module.lookup_symbol("main").unwrap()
    }

    /// Inputs first, then outputs.
    fn buffers(&self) -> Vec<Buffer> {
        let (m, main) = (&self.module, self.main());
        let args = m.block_args(m.entry_block(main).unwrap());
        let one = |(i, &v)| Buffer {
            size: m.size_bytes(m.value_type(v)).unwrap(),
            offset: func::arg_attr(m, main, i, "mcu.offset").and_then(|a| m.attr_int(a)),
        };
        args.iter().enumerate().map(one).collect()
    }

    fn arena_size(&self) -> Option<u64> {
        let m = &self.module;
        let ty = m
            .prop(m.lookup_symbol("arena")?, "type")
            .and_then(|a| m.attr_type(a));
        ty.and_then(|t| m.size_bytes(t))
    }
}

/// What each case computes.
pub fn run(cases: &[Case]) -> Vec<Vec<Vec<u8>>> {
    let dir = tempfile::tempdir().unwrap();
    let texts: Vec<String> = cases
        .iter()
        .enumerate()
        .map(|(i, case)| {
            let mut m = case.module.clone();
            strip::strip(&mut m, &format!("p{i}_"));
            ir::text::print_module(&m)
        })
        .collect();
    let lowered = filter(
        "mlir-opt-19",
        &["--split-input-file", &format!("--pass-pipeline={LOWERING}")],
        &texts.join("\n// -----\n"),
    );
    let translated = filter(
        "mlir-translate-19",
        &["--split-input-file", "--mlir-to-llvmir"],
        &lowered,
    );
    let modules: Vec<&str> = translated.split(MODULE).skip(1).collect();
    assert_eq!(modules.len(), cases.len());
    let mut files = Vec::new();
    for (i, text) in modules.iter().enumerate() {
        files.push(format!("p{i}.ll"));
        std::fs::write(dir.path().join(&files[i]), text).unwrap();
    }
    std::fs::write(dir.path().join("main.c"), c_main(cases)).unwrap();
    files.push("main.c".to_owned());
    link(dir.path(), &files);
    let out = Command::new(dir.path().join("program")).output().unwrap();
    assert!(out.status.success(), "{:?}", out.status);
    split(cases, &out.stdout)
}

/// Compiles on two threads, then links.
fn link(dir: &Path, files: &[String]) {
    let clang = |args: &[&str], files: &[String]| {
        let out = Command::new("clang-19")
            .current_dir(dir)
            .args(["-O1", "-Wno-override-module"])
            .args(args)
            .args(files)
            .output()
            .unwrap();
        assert!(
            out.status.success(),
            "{}",
            String::from_utf8_lossy(&out.stderr)
        );
    };
    let (first, second) = files.split_at(files.len() / 2);
    std::thread::scope(|s| {
        for half in [first, second] {
            if !half.is_empty() {
                s.spawn(|| clang(&["-c"], half));
            }
        }
    });
    let objects: Vec<String> = files
        .iter()
        .map(|f| {
            Path::new(f)
                .with_extension("o")
                .to_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    clang(&["-o", "program"], &objects);
}

fn filter(program: &str, args: &[&str], input: &str) -> String {
    let mut child = Command::new(program)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let out = child.wait_with_output().unwrap();
    writer.join().unwrap().ok();
    assert!(
        out.status.success(),
        "{program}: {}",
        String::from_utf8_lossy(&out.stderr)
    );
    String::from_utf8(out.stdout).unwrap()
}

/// Poison, inputs, call, outputs: one case after the other.
fn c_main(cases: &[Case]) -> String {
    let mut c = "#include <stdint.h>\n#include <stdio.h>\n#include <string.h>\n\n\
         static float tw_float_from_bits(uint32_t bits) { float f; memcpy(&f, &bits, 4); return f; }\n"
        .to_owned();
    c += include_str!("../../../codegen-c/src/templates/expf.c");
    writeln!(c, "float {}(float x) {{ return tw_expf(x); }}", strip::EXP).unwrap();
    let mut body = String::new();
    for (i, case) in cases.iter().enumerate() {
        let buffers = case.buffers();
        let parameters = vec!["unsigned char *"; buffers.len()].join(", ");
        writeln!(c, "void p{i}_main({parameters});").unwrap();
        if let Some(size) = case.arena_size() {
            writeln!(c, "extern unsigned char p{i}_arena[];").unwrap();
            writeln!(body, "    memset(p{i}_arena, 0xA5, {size});").unwrap();
        }
        let mut places = Vec::new();
        for (j, b) in buffers.iter().enumerate() {
            places.push(match b.offset {
                Some(offset) => format!("p{i}_arena + {offset}"),
                None => {
                    let size = b.size.max(1);
                    writeln!(c, "static _Alignas(16) unsigned char p{i}_{j}[{size}];").unwrap();
                    format!("p{i}_{j}")
                }
            });
        }
        for (j, bytes) in case.inputs.iter().enumerate() {
            assert_eq!(bytes.len() as u64, buffers[j].size);
            let list: Vec<String> = bytes.iter().map(u8::to_string).collect();
            writeln!(
                c,
                "static const unsigned char p{i}_in{j}[] = {{{}}};",
                list.join(",")
            )
            .unwrap();
            writeln!(
                body,
                "    memcpy({}, p{i}_in{j}, {});",
                places[j],
                bytes.len()
            )
            .unwrap();
        }
        writeln!(body, "    p{i}_main({});", places.join(", ")).unwrap();
        for (place, b) in places.iter().zip(&buffers).skip(case.inputs.len()) {
            writeln!(body, "    fwrite({place}, 1, {}, stdout);", b.size).unwrap();
        }
    }
    c + "\nint main(void)\n{\n" + &body + "    return 0;\n}\n"
}

/// The outputs of all cases, out of one stream of bytes.
fn split(cases: &[Case], mut bytes: &[u8]) -> Vec<Vec<Vec<u8>>> {
    let mut all = Vec::new();
    for case in cases {
        let mut outputs = Vec::new();
        for b in case.buffers().iter().skip(case.inputs.len()) {
            let (own, rest) = bytes.split_at(b.size as usize);
            outputs.push(own.to_vec());
            bytes = rest;
        }
        all.push(outputs);
    }
    assert!(bytes.is_empty());
    all
}
