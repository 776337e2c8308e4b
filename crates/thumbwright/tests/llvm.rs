//! The LLVM back end through the façade: whole networks against their goldens, and what a build without it says.
//!
//! Int8: every sample, byte for byte; float: the bits of the interpreter. With the feature `llvm`.
#![allow(clippy::unwrap_used, reason = "tests")]

use thumbwright::{CompileOptions, Compiler, ObjectKind, ObjectOptions};

/// The built-in model, compiled for a core.
fn digits(target: &str) -> thumbwright::Compiled {
    let compiler = Compiler::new().unwrap();
    let options = CompileOptions::for_target(target);
    compiler
        .compile(
            thumbwright::example::FILE,
            thumbwright::example::MODEL,
            &options,
        )
        .unwrap()
}

/// What a build without the back end says, and how to get one that has it.
#[cfg(not(feature = "llvm"))]
#[test]
fn a_build_without_it_says_how_to_get_it() {
    let error = digits("cortex-m4").objects(&ObjectOptions::new(&[ObjectKind::Library]));
    let error = error.unwrap_err();
    let first = error.0.iter().next().unwrap();
    assert_eq!(&*first.code, "D007");
    assert!(error.to_string().contains("--features llvm"), "{error}");
}

#[cfg(feature = "llvm")]
mod models;
#[cfg(feature = "llvm")]
mod suite;

#[cfg(feature = "llvm")]
mod by_llvm {
    use super::*;
    use thumbwright::runtime::BuildSettings;
    use thumbwright::{Backend, Io};

    /// Samples of a float network on an emulated core.
    const FLOAT_SAMPLES_ON_CORES: usize = 2;

    fn settings() -> BuildSettings {
        BuildSettings {
            backend: Backend::Llvm,
            ..BuildSettings::default()
        }
    }

    fn cases(
        compiler: &Compiler,
        models: &[models::Model],
        float_samples: usize,
    ) -> Vec<suite::Case> {
        let case = |m: &models::Model| {
            let network = compiler.import(&m.file(), &m.bytes()).unwrap().0;
            let n = match m.is_int8() {
                true => m.golden.n_samples,
                false => float_samples.min(m.golden.n_samples),
            };
            let inputs = m.inputs(n);
            let expected = match m.is_int8() {
                true => m.outputs(n),
                false => {
                    thumbwright::runtime::interpret(&network, inputs.clone())
                        .unwrap()
                        .outputs
                }
            };
            suite::Case {
                name: m.name.clone(),
                network,
                inputs,
                expected,
                tolerance: 0.0,
            }
        };
        models.iter().map(case).collect()
    }

    /// All models.
    fn run(test: &str, runtime: &str, io: Io) {
        if !suite::available(test, runtime) {
            return;
        }
        let compiler = Compiler::new().unwrap();
        let test = format!("{test} on {runtime} by LLVM");
        let models = models::all(&test);
        let (int8, float): (Vec<_>, Vec<_>) = models.into_iter().partition(models::Model::is_int8);
        let samples = match runtime {
            "host" => usize::MAX,
            _ => FLOAT_SAMPLES_ON_CORES,
        };
        let mut failures =
            suite::failures(runtime, &cases(&compiler, &int8, samples), io, &settings());
        // One at a time: not all fit a small machine together.
        for case in cases(&compiler, &float, samples) {
            failures.extend(suite::failures(runtime, &[case], io, &settings()));
        }
        suite::assert_none(&failures, int8.len() + float.len());
    }

    macro_rules! runtimes {
        ($($test:ident $name:literal),* $(,)?) => {
            $(#[test]
            fn $test() {
                run(stringify!($test), $name, Io::Arena);
            })*
        };
    }

    runtimes! {
        on_host "host",
        on_cortex_m0 "cortex-m0",
        on_cortex_m3 "cortex-m3",
        on_cortex_m4 "cortex-m4",
        on_cortex_m7 "cortex-m7",
        on_cortex_m33 "cortex-m33",
        on_cortex_m55 "cortex-m55",
    }

    #[test]
    fn with_the_callers_buffers() {
        run("with_the_callers_buffers", "host", Io::Caller);
    }

    #[test]
    fn unaligned_tensors_are_copied() {
        if suite::available("unaligned_tensors_are_copied", "cortex-m0") {
            let compiler = Compiler::new().unwrap();
            let models: Vec<_> = models::own().into_iter().filter(|m| m.is_int8()).collect();
            let cases = cases(&compiler, &models, 1);
            let settings = BuildSettings {
                tensor_offset: 1,
                ..settings()
            };
            suite::assert_none(
                &suite::failures("cortex-m0", &cases, Io::Arena, &settings),
                cases.len(),
            );
        }
    }

    /// What the C tests of the public functions check: their codes, copies, and that nothing happens after an error.
    const APPLICATION: &str = r#"
#include "digits.h"
#include <stdio.h>
#include <string.h>
#define CHECK(c) do { if (!(c)) { printf("line %d: %s\n", __LINE__, #c); return 1; } } while (0)

static union { int8_t bytes[DIGITS_ARENA_SIZE + DIGITS_ARENA_ALIGN]; uint64_t align[2]; } memory;

int main(void)
{
    static int8_t image[DIGITS_INPUT_0_BYTES + 1], first[DIGITS_OUTPUT_0_BYTES + 1], second[DIGITS_OUTPUT_0_BYTES];
    struct digits_inputs in;
    struct digits_outputs out;
    int8_t *arena = memory.bytes;
    while ((uintptr_t)arena % DIGITS_ARENA_ALIGN != 0) arena++;
    for (int i = 0; i < DIGITS_INPUT_0_BYTES; i++) image[i + 1] = (int8_t)(i * 37);
    memset(&in, 0, sizeof in);
    memset(&out, 0, sizeof out);

    CHECK(digits_run_in(NULL, &in, &out) == DIGITS_ERROR_NULL_ARENA);
    CHECK(digits_run_in(arena + 1, &in, &out) == DIGITS_ERROR_ARENA_ALIGNMENT);

    /* Unaligned tensors are copied; the caller's image stays. */
    *(const void **)&in = image + 1;
    *(void **)&out = first + 1;
    CHECK(digits_run_in(arena, &in, &out) == DIGITS_OK);
    CHECK(image[1] == 0 && image[2] == 37);
    CHECK(memcmp(first + 1, arena + DIGITS_OUTPUT_0_OFFSET, DIGITS_OUTPUT_0_BYTES) == 0);

    /* The module's own arena, by its places and without structures. */
    memcpy(digits_input_0(), image + 1, DIGITS_INPUT_0_BYTES);
    CHECK(digits_run(NULL, NULL) == DIGITS_OK);
    CHECK(memcmp(digits_output_0(), first + 1, DIGITS_OUTPUT_0_BYTES) == 0);
    CHECK((uintptr_t)digits_input_0() % DIGITS_ARENA_ALIGN == DIGITS_INPUT_0_OFFSET % DIGITS_ARENA_ALIGN);

    /* A place that is named is not copied, NULL neither. */
    *(const void **)&in = digits_input_0();
    *(void **)&out = NULL;
    memcpy(digits_input_0(), image + 1, DIGITS_INPUT_0_BYTES);
    CHECK(digits_run(&in, &out) == DIGITS_OK);
    memcpy(second, digits_output_0(), DIGITS_OUTPUT_0_BYTES);
    CHECK(memcmp(second, first + 1, DIGITS_OUTPUT_0_BYTES) == 0);
    for (int i = 0; i < DIGITS_OUTPUT_0_BYTES; i++) printf("%d ", second[i]);
    return 0;
}
"#;

    /// The same with tensors in the caller's memory.
    const CALLERS_APPLICATION: &str = r#"
#include "digits.h"
#include <stdio.h>
#define CHECK(c) do { if (!(c)) { printf("line %d: %s\n", __LINE__, #c); return 1; } } while (0)

int main(void)
{
    static union { int8_t bytes[DIGITS_INPUT_0_BYTES + 8]; uint64_t align; } image;
    static union { int8_t bytes[DIGITS_OUTPUT_0_BYTES + 8]; uint64_t align; } scores;
    struct digits_inputs in;
    struct digits_outputs out;
    for (int i = 0; i < DIGITS_INPUT_0_BYTES; i++) image.bytes[i] = (int8_t)(i * 37);
    *(const void **)&in = image.bytes;
    *(void **)&out = scores.bytes;
    CHECK(digits_run(NULL, &out) == DIGITS_ERROR_NULL_TENSOR);
    CHECK(digits_run(&in, NULL) == DIGITS_ERROR_NULL_TENSOR);
    *(void **)&out = NULL;
    CHECK(digits_run(&in, &out) == DIGITS_ERROR_NULL_TENSOR);
    *(void **)&out = scores.bytes + 1;
    CHECK(DIGITS_OUTPUT_0_ALIGN > 1);
    CHECK(digits_run(&in, &out) == DIGITS_ERROR_TENSOR_ALIGNMENT);
    *(void **)&out = scores.bytes;
    CHECK(digits_run(&in, &out) == DIGITS_OK);
    for (int i = 0; i < DIGITS_OUTPUT_0_BYTES; i++) printf("%d ", scores.bytes[i]);
    return 0;
}
"#;

    fn command(program: &str, arguments: &[&str], dir: &std::path::Path) -> String {
        let mut command = std::process::Command::new(program);
        let output = command.args(arguments).current_dir(dir).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{program}: {text}{errors}");
        text
    }

    /// A C program with the public header, linked with the library: by the command, as a user does it.
    #[test]
    fn a_program_links_the_library() {
        if !prerequisites::programs("a_program_links_the_library", &["cc"]) {
            return;
        }
        let image: Vec<u8> = (0..64u32).map(|i| (i * 37) as u8).collect();
        let compiled = digits("host");
        let expected = thumbwright::runtime::interpret(compiled.network(), vec![image]);
        let expected = expected.unwrap().outputs.remove(0);
        let expected: String = expected.iter().map(|&b| format!("{} ", b as i8)).collect();
        for (io, program) in [("arena", APPLICATION), ("caller", CALLERS_APPLICATION)] {
            let dir = tempfile::tempdir().unwrap();
            let io = format!("--io={io}");
            let compile = [
                "compile",
                "--target",
                "host",
                "--backend",
                "llvm",
                "--name",
                "digits",
                "-o",
                "out",
                &io,
            ];
            command(env!("CARGO_BIN_EXE_thumbwright"), &compile, dir.path());
            std::fs::write(dir.path().join("app.c"), program).unwrap();
            let link = [
                "-std=c99",
                "-Wall",
                "-Wextra",
                "-Werror",
                "-Iout/include",
                "app.c",
                "-Lout",
                "-ldigits",
                "-o",
                "app",
            ];
            command("cc", &link, dir.path());
            let app = dir.path().join("app");
            assert_eq!(
                command(app.to_str().unwrap(), &[], dir.path()),
                expected,
                "{io}"
            );
        }
    }

    /// The header is that of the C, and all forms come out, the same each time.
    #[test]
    fn files_are_complete_and_deterministic() {
        let kinds = [
            ObjectKind::Library,
            ObjectKind::Object,
            ObjectKind::Assembly,
            ObjectKind::LlvmIr,
            ObjectKind::Bitcode,
        ];
        let compiled = digits("cortex-m4");
        let options = ObjectOptions::new(&kinds);
        let objects = compiled.objects(&options).unwrap();
        assert_eq!(compiled.objects(&options).unwrap(), objects);
        assert_eq!(objects.listing, None);
        assert_eq!(compiled.c_files().unwrap()[0], objects.header);
        let starts: Vec<(&str, &[u8])> = objects
            .files
            .iter()
            .map(|f| (f.path.as_str(), &f.bytes[..4]))
            .collect();
        let expected: [(&str, &[u8]); 5] = [
            ("libdigits_int8.a", b"!<ar"),
            ("digits_int8.o", b"\x7fELF"),
            ("digits_int8.s", b"\t.te"),
            ("digits_int8.ll", b"; Mo"),
            ("digits_int8.bc", b"BC\xc0\xde"),
        ];
        assert_eq!(starts, expected);
    }

    /// The text beside the object is the module that the last pass left, and debuggers are told its name.
    #[test]
    fn debug_information_is_of_the_placed_module() {
        let compiled = digits("cortex-m4");
        let objects = compiled
            .objects(&ObjectOptions {
                debug_info: true,
                ..ObjectOptions::new(&[ObjectKind::Object])
            })
            .unwrap();
        let listing = objects.listing.unwrap();
        assert_eq!(listing.path, "digits_int8.mlir");
        assert_eq!(listing.text, ir::text::print_module(compiled.module()));
        let has = |name: &str| {
            let object = &objects.files[0].bytes;
            object.windows(name.len()).any(|w| w == name.as_bytes())
        };
        assert!(has("digits_int8.mlir"));
        let layers = compiled.layers();
        assert_eq!(layers.len(), 9);
        // A reshape is no code.
        for layer in layers.iter().filter(|l| l.op != "nn.reshape") {
            assert!(has(&layer.name), "{}", layer.name);
        }
    }
}
