//! Debug information as debuggers read it: lines of the module's text, and layers as frames.
#![allow(clippy::unwrap_used, reason = "tests")]

mod network;

use codegen_llvm::{Emitted, Kind, Options, emit};
use object::read::elf::ElfFile32;
use object::{Endianness, Object, ObjectSection, SectionKind};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use target::{Target, Targets};

fn target() -> Target {
    Targets::builtin().get("cortex-m4").unwrap().clone()
}

fn emitted(kind: Kind, debug_info: bool) -> Emitted {
    let m = network::module();
    let verified = ir::verify::verify(&m).unwrap_or_else(|d| panic!("{d}"));
    let options = Options {
        kinds: vec![kind],
        debug_info,
        ..Options::new("net")
    };
    emit(verified, &target(), &options).unwrap_or_else(|d| panic!("{d}"))
}

/// Starts on the emulated board, and runs the network once.
const PROGRAM: &str = "
int net_run(const void *in, void *out);
void start(void);
__attribute__((section(\".vectors\"), used)) const void *const vectors[2] = { (void *)0x20008000, start };
void start(void) { net_run(0, 0); for (;;) ; }
";

/// A program of the network with debug information: the text of its module.
fn program(dir: &Path) -> String {
    let emitted = emitted(Kind::Object, true);
    std::fs::write(dir.join("net.o"), &emitted.artifacts[0].bytes).unwrap();
    let listing = emitted.listing.unwrap();
    assert_eq!(listing.path, "net.mlir");
    std::fs::write(dir.join(&listing.path), &listing.text).unwrap();
    std::fs::write(dir.join("main.c"), PROGRAM).unwrap();
    let mut gcc = Command::new("arm-none-eabi-gcc");
    gcc.args(target().gcc_flags())
        .args(["-nostartfiles", "-O1"]);
    gcc.args(["-Wl,-e,start", "-Wl,--section-start=.vectors=0"]);
    gcc.args(["-Wl,-Ttext=0x400", "-Wl,-Tdata=0x20000000"]);
    gcc.args(["main.c", "net.o", "-o", "net.elf"]);
    output(gcc.current_dir(dir));
    listing.text
}

fn output(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {error}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The line that has all of these words, from 1 on.
fn line_of(text: &str, words: &[&str]) -> usize {
    let has = |line: &str| words.iter().all(|w| line.contains(w));
    let all: Vec<usize> = text
        .lines()
        .enumerate()
        .filter(|(_, l)| has(l))
        .map(|(i, _)| i + 1)
        .collect();
    assert_eq!(all.len(), 1, "{words:?} in\n{text}");
    all[0]
}

/// The addresses of a function's instructions with that mnemonic, as a disassembler finds them.
fn instructions(dir: &Path, function: &str, mnemonic: &str) -> Vec<String> {
    let mut objdump = Command::new("arm-none-eabi-objdump");
    objdump.args(["-d", "--no-show-raw-insn", "net.elf"]);
    let text = output(objdump.current_dir(dir));
    let start = format!("<{function}>:");
    let body = text.split("\n\n").find(|b| b.contains(&start)).unwrap();
    let instruction = |line: &str| {
        let (address, code) = line.trim().split_once(":\t")?;
        let word = code.split_whitespace().next()?;
        word.starts_with(mnemonic).then(|| address.to_owned())
    };
    body.lines().filter_map(instruction).collect()
}

/// Function and line of an address, the innermost first.
fn frames(dir: &Path, address: &str) -> Vec<(String, String)> {
    let mut addr2line = Command::new("arm-none-eabi-addr2line");
    addr2line.args(["-e", "net.elf", "-f", "-i", address]);
    let text = output(addr2line.current_dir(dir));
    let lines: Vec<&str> = text.lines().collect();
    let frame = |pair: &[&str]| (pair[0].to_owned(), pair[1].to_owned());
    lines.chunks_exact(2).map(frame).collect()
}

#[test]
fn an_address_has_a_line_and_a_layer() {
    let programs = [
        "arm-none-eabi-gcc",
        "arm-none-eabi-addr2line",
        "arm-none-eabi-objdump",
    ];
    if !prerequisites::programs("an_address_has_a_line_and_a_layer", &programs) {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let text = program(dir.path());
    let at = |words: &[&str]| format!("net.mlir:{}", line_of(&text, words));
    let name = |s: &str| s.to_owned();

    let multiply = instructions(dir.path(), "multiply_kernel", "mul");
    assert!(!multiply.is_empty());
    for address in &multiply {
        let found = frames(dir.path(), address);
        assert_eq!(found, [(name("multiply_kernel"), at(&["arith.muli"]))]);
    }
    let loads = instructions(dir.path(), "multiply_kernel", "ldr");
    assert!(!loads.is_empty());
    for address in &loads {
        let (function, line) = frames(dir.path(), address).remove(0);
        assert_eq!(function, "multiply_kernel");
        let line: usize = line.strip_prefix("net.mlir:").unwrap().parse().unwrap();
        let line = text.lines().nth(line - 1).unwrap();
        assert!(line.contains("\"memref.load\""), "{line}");
    }

    let calls = instructions(dir.path(), "net_run_in", "bl");
    let layers: Vec<Vec<(String, String)>> = calls
        .iter()
        .map(|a| frames(dir.path(), a))
        .filter(|f| f.len() == 3)
        .collect();
    let [first, second] = &layers[..] else {
        panic!("{layers:?}")
    };
    for (found, layer, call) in [
        (first, "model/first", "(%arg0, %0, "),
        (second, "model/second", ", %1, %arg1)"),
    ] {
        let call = at(&["@multiply}", call]);
        let main = at(&["sym_name = \"main\""]);
        assert_eq!(found[0], (name(layer), call.clone()));
        assert_eq!(found[1], (name("net_graph"), call));
        assert_eq!(found[2], (name("net_run_in"), main));
    }
}

/// A debugger stops in the kernel at each layer, and shows which one it is.
#[test]
fn a_backtrace_names_the_layer() {
    let programs = ["arm-none-eabi-gcc", "gdb-multiarch", "qemu-system-arm"];
    if !prerequisites::programs("a_backtrace_names_the_layer", &programs) {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let text = program(dir.path());
    let mut gdb = Command::new("gdb-multiarch");
    gdb.args(["-nx", "-batch", "net.elf"]);
    for command in [
        "target remote | exec qemu-system-arm -M mps2-an386 -kernel net.elf -display none -monitor none -serial none -S -gdb stdio",
        "tbreak multiply_kernel",
        "continue",
        "backtrace",
        "tbreak 'model/second'",
        "continue",
        "tbreak multiply_kernel",
        "continue",
        "backtrace",
        "kill",
        // The emulator may be gone before it has answered, and gdb's status is that of its last command.
        "echo done\\n",
    ] {
        gdb.args(["-ex", command]);
    }
    let shown = output(gdb.current_dir(dir.path()));
    let frame = |number: usize, name: &str, words: &[&str]| {
        let line = line_of(&text, words);
        let is = |l: &&str| {
            l.starts_with(&format!("#{number} "))
                && l.contains(&format!(" {name} ("))
                && l.ends_with(&format!(" at net.mlir:{line}"))
        };
        let count = shown.lines().filter(is).count();
        assert_eq!(count, 1, "#{number} {name} line {line}:\n{shown}");
    };
    frame(1, "model/first", &["@multiply}", "(%arg0, %0, "]);
    frame(1, "model/second", &["@multiply}", ", %1, %arg1)"]);
    assert!(shown.contains(" start ()"), "{shown}");
    let second = line_of(&text, &["@multiply}", ", %1, %arg1)"]);
    let stop = format!("2, model/second () at net.mlir:{second}\n");
    assert!(shown.contains(&stop), "{stop}\n{shown}");
}

/// What is not there for debuggers: code and data, byte for byte.
fn contents(kind: Kind, debug_info: bool) -> BTreeMap<String, Vec<u8>> {
    let bytes = emitted(kind, debug_info).artifacts.remove(0).bytes;
    let elf = ElfFile32::<Endianness>::parse(&*bytes).unwrap();
    elf.sections()
        .filter(|s| {
            use SectionKind::{Data, ReadOnlyData, Text, UninitializedData};
            matches!(s.kind(), Text | Data | ReadOnlyData | UninitializedData)
        })
        .map(|s| (s.name().unwrap().to_owned(), s.data().unwrap().to_vec()))
        .collect()
}

#[test]
fn the_code_is_the_same() {
    let plain = contents(Kind::Object, false);
    assert!(plain[".text.multiply_kernel"].len() > 8);
    assert_eq!(contents(Kind::Object, true), plain);
    assert_eq!(emitted(Kind::Object, false).listing, None);
}

#[test]
fn the_same_each_time_and_the_text_is_the_modules() {
    let first = emitted(Kind::Library, true);
    assert_eq!(emitted(Kind::Library, true), first);
    let text = ir::text::print_module(&network::module());
    assert_eq!(first.listing.unwrap().text, text);
}
