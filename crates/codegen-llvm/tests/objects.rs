//! What is in the objects: sections that a linker can leave out, aligned memory, local names, the ABI of the target.
#![allow(clippy::unwrap_used, reason = "tests")]

mod network;

use codegen_llvm::{Artifact, Kind, Options, emit};
use object::read::elf::ElfFile32;
use object::{Endianness, Object, ObjectSection, ObjectSymbol, SectionKind};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use target::{Arch, FloatAbi, Target, Targets};

fn core(name: &str) -> Target {
    Targets::builtin().get(name).unwrap().clone()
}

fn artifacts(target: &Target, kinds: &[Kind]) -> Vec<Artifact> {
    let m = network::module();
    let verified = ir::verify::verify(&m).unwrap_or_else(|d| panic!("{d}"));
    let options = Options {
        kinds: kinds.to_vec(),
        ..Options::new("net")
    };
    emit(verified, target, &options)
        .unwrap_or_else(|d| panic!("{d}"))
        .artifacts
}

/// A folder for one test.
fn temporary(test: &str) -> PathBuf {
    let dir = std::env::temp_dir().join(format!("codegen-llvm-{test}-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    dir
}

#[test]
fn every_function_and_constant_has_its_section() {
    let bytes = artifacts(&core("cortex-m4"), &[Kind::Object])
        .remove(0)
        .bytes;
    let elf = ElfFile32::<Endianness>::parse(&*bytes).unwrap();
    let sections: BTreeMap<&str, (SectionKind, u64, u64)> = elf
        .sections()
        .filter(|s| s.size() > 0)
        .map(|s| (s.name().unwrap(), (s.kind(), s.size(), s.align())))
        .collect();
    let of = |name: &str| {
        sections
            .get(name)
            .copied()
            .unwrap_or_else(|| panic!("{name}: {sections:?}"))
    };
    for function in [
        "multiply_kernel",
        "net_run",
        "net_run_in",
        "net_input_0",
        "net_output_0",
    ] {
        assert_eq!(of(&format!(".text.{function}")).0, SectionKind::Text);
    }
    assert_eq!(of(".rodata.net_w"), (SectionKind::ReadOnlyData, 16, 16));
    assert_eq!(of(".qspi"), (SectionKind::ReadOnlyData, 16, 4));
    assert_eq!(
        of(".bss.net_arena"),
        (SectionKind::UninitializedData, 96, 32)
    );
    assert!(!sections.contains_key(".data"), "{sections:?}");
    let mut public: Vec<&str> = elf
        .symbols()
        .filter(|s| s.is_global() && s.is_definition())
        .map(|s| s.name().unwrap())
        .collect();
    public.sort_unstable();
    assert_eq!(
        public,
        ["net_input_0", "net_output_0", "net_run", "net_run_in"]
    );
    let undefined: Vec<&str> = elf
        .symbols()
        .filter(|s| s.is_undefined() && !s.name().unwrap().is_empty())
        .map(|s| s.name().unwrap())
        .collect();
    assert!(
        undefined
            .iter()
            .all(|n| ["memcpy", "memmove", "memset"].contains(n)),
        "{undefined:?}"
    );
}

/// Every architecture, soft and hard float, also of cores that are not built in.
#[test]
fn every_architecture() {
    const HARD: &str = "Tag_ABI_VFP_args: VFP registers";
    const SOFT: &str = "";
    let variant = |name: &str, change: &dyn Fn(&mut Target)| {
        let mut target = core(name);
        change(&mut target);
        target
    };
    let baseline = variant("cortex-m0", &|t| {
        t.core.cpu = "cortex-m23".to_owned();
        t.core.arch = Arch::V8mBase;
    });
    let soft = |name: &str| variant(name, &|t| t.core.float_abi = FloatAbi::Soft);
    if !prerequisites::programs("every_architecture", &["arm-none-eabi-readelf"]) {
        return;
    }
    let dir = temporary("architectures");
    for (target, profile, abi) in [
        (core("cortex-m0"), "v6S-M", SOFT),
        (core("cortex-m3"), "v7", SOFT),
        (core("cortex-m4"), "v7E-M", HARD),
        (soft("cortex-m4"), "v7E-M", SOFT),
        (core("cortex-m7"), "v7E-M", HARD),
        (baseline, "v8-M.baseline", SOFT),
        (core("cortex-m33"), "v8-M.mainline", HARD),
        (soft("cortex-m33"), "v8-M.mainline", SOFT),
        (core("cortex-m55"), "v8.1-M.mainline", HARD),
    ] {
        let bytes = artifacts(&target, &[Kind::Object]).remove(0).bytes;
        std::fs::write(dir.join("net.o"), bytes).unwrap();
        let mut readelf = Command::new("arm-none-eabi-readelf");
        let output = readelf.arg("-A").arg(dir.join("net.o")).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let name = (&target.core.cpu, target.core.float_abi);
        let line = format!("Tag_CPU_arch: {profile}\n");
        assert!(text.contains(&line), "{name:?}: {text}");
        let hard = text.contains(HARD);
        assert_eq!(hard, abi == HARD, "{name:?}: {text}");
    }
    std::fs::remove_dir_all(dir).unwrap();
}

/// A linker takes the library by name and leaves out what is not called.
#[test]
fn a_library_is_linked_and_stripped() {
    if !prerequisites::programs("a_library_is_linked_and_stripped", &["arm-none-eabi-gcc"]) {
        return;
    }
    let dir = temporary("library");
    let library = artifacts(&core("cortex-m4"), &[Kind::Library]).remove(0);
    std::fs::write(dir.join(&library.path), &library.bytes).unwrap();
    std::fs::write(
        dir.join("main.c"),
        "int net_run_in(void *, const void *, const void *);\nint main(void) { return net_run_in(0, 0, 0); }\n",
    )
    .unwrap();
    let mut gcc = Command::new("arm-none-eabi-gcc");
    gcc.current_dir(&dir).args(core("cortex-m4").gcc_flags());
    gcc.args(["--specs=nosys.specs", "-Wl,--gc-sections", "-Wl,-e,main"]);
    gcc.args(["-nostartfiles", "main.c", "-L.", "-lnet", "-o", "out.elf"]);
    let output = gcc.output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let bytes = std::fs::read(dir.join("out.elf"));
    std::fs::remove_dir_all(&dir).unwrap();
    assert!(output.status.success(), "{text}");
    let bytes = bytes.unwrap();
    let elf = ElfFile32::<Endianness>::parse(&*bytes).unwrap();
    let names: Vec<&str> = elf.symbols().map(|s| s.name().unwrap()).collect();
    assert!(
        names.contains(&"net_run_in") && names.contains(&"multiply_kernel"),
        "{names:?}"
    );
    // The module's own arena and what uses it.
    assert!(
        !names.contains(&"net_run") && !names.contains(&"net_arena"),
        "{names:?}"
    );
}

#[test]
fn the_same_each_time() {
    let kinds = [
        Kind::LlvmIr,
        Kind::Bitcode,
        Kind::Assembly,
        Kind::Object,
        Kind::Library,
    ];
    let target = core("cortex-m55");
    assert_eq!(artifacts(&target, &kinds), artifacts(&target, &kinds));
}
