//! Several models in one program, in one arena, by turns.
#![allow(clippy::unwrap_used, reason = "tests")]

mod models;

use emulate::{HostOptions, Sanitizers};
use models::Model;
use prerequisites::programs;
use thumbwright::report::AppReport;
use thumbwright::runtime::{Batch, BuildSettings, Job, Runtime, Samples, interpret};
use thumbwright::{App, AppModel, CompileOptions, Compiled, Compiler, Io};

/// Samples of each model.
const ROUNDS: usize = 3;

fn compile(models: &[Model], target: &str, io: Io) -> App {
    let files: Vec<(String, Vec<u8>)> = models.iter().map(|m| (m.file(), m.bytes())).collect();
    let parts: Vec<AppModel<'_>> = models
        .iter()
        .zip(&files)
        .map(|(m, (file, bytes))| AppModel {
            file,
            bytes,
            name: &m.name,
        })
        .collect();
    let options = CompileOptions {
        tuning: io.into(),
        ..CompileOptions::for_target(target)
    };
    let app = Compiler::new()
        .unwrap()
        .compile_app("both", &parts, &options);
    app.unwrap_or_else(|e| panic!("{e}"))
}

/// The golden of an int8 model; of a float model what the interpreter says, which has a test of its own.
fn expected(model: &Model, compiled: &Compiled) -> Vec<Vec<u8>> {
    match model.is_int8() {
        true => model.outputs(ROUNDS),
        false => {
            let outcome = interpret(compiled.network(), model.inputs(ROUNDS));
            outcome.unwrap().outputs
        }
    }
}

/// Runs the models by turns, sample by sample; every output is the golden.
fn check(app: &App, models: &[Model], runtime: &str, settings: &BuildSettings) {
    let runtime = Runtime::parse(runtime, &target::Targets::builtin()).unwrap();
    let batch: Batch<'_> = app.models().iter().collect();
    let executable = batch
        .build(&runtime, settings)
        .unwrap_or_else(|e| panic!("{e}"));
    let part = |tensors: Vec<Vec<u8>>, of: usize, round: usize| -> Vec<Vec<u8>> {
        let cut = |t: &Vec<u8>| {
            let size = t.len() / of;
            t[round * size..(round + 1) * size].to_vec()
        };
        tensors.iter().map(cut).collect()
    };
    let (mut jobs, mut wanted) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        for (model, (m, c)) in models.iter().zip(app.models()).enumerate() {
            let inputs = part(m.inputs(ROUNDS), ROUNDS, round);
            let samples = Samples::new(&c.inputs(), inputs).unwrap();
            jobs.push(Job { model, samples });
            wanted.push(part(expected(m, c), ROUNDS, round));
        }
    }
    let outcomes = executable
        .run(&jobs, false)
        .unwrap_or_else(|e| panic!("{e}"));
    for ((outcome, job), wanted) in outcomes.into_iter().zip(&jobs).zip(wanted) {
        let outcome = outcome.unwrap_or_else(|e| panic!("{e}"));
        let name = &models[job.model].name;
        assert!(outcome.outputs == wanted, "{name} on {}", runtime.name());
    }
}

/// One arena, as large as the largest; the report says what that saves.
fn check_memory(app: &App) {
    let each = app.models().iter().map(|m| m.memory().arena_size);
    assert_eq!(Some(app.arena_bytes()), each.clone().max());
    assert_eq!(app.arenas().count(), 1);
    let report = AppReport::of(app);
    assert_eq!(report.ram_bytes, app.arena_bytes());
    assert_eq!(report.separate_ram_bytes, each.sum::<u64>());
    let header = app.c_files().unwrap().swap_remove(0);
    assert_eq!(header.path, "include/both.h");
    let size = format!("#define BOTH_ARENA_SIZE {}\n", app.arena_bytes());
    assert!(header.text.contains(&size), "{}", header.text);
}

fn on_every_runtime(test: &str, models: &[Model], sanitizers: &[Sanitizers]) {
    let host = ["cc"];
    let arm = ["arm-none-eabi-gcc", "qemu-system-arm"];
    if programs(&format!("{test} on the host"), &host) {
        for io in [Io::Arena, Io::Caller] {
            let app = compile(models, "host", io);
            check_memory(&app);
            for &sanitizers in sanitizers {
                let host = HostOptions {
                    sanitizers,
                    ..HostOptions::default()
                };
                let settings = BuildSettings {
                    host,
                    ..BuildSettings::default()
                };
                check(&app, models, "host", &settings);
            }
        }
    }
    if programs(&format!("{test} on cortex-m4"), &arm) {
        let app = compile(models, "cortex-m4", Io::Arena);
        check_memory(&app);
        check(&app, models, "cortex-m4", &BuildSettings::default());
    }
}

#[test]
fn digits_by_turns() {
    let models = models::own();
    assert_eq!(models.len(), 2, "int8 and float");
    let both = [Sanitizers::Off, Sanitizers::AddressAndUndefined];
    on_every_runtime("digits_by_turns", &models, &both);
}

#[test]
fn keyword_spotting_and_anomaly_detection_beside_the_digits() {
    const TEST: &str = "keyword_spotting_and_anomaly_detection_beside_the_digits";
    let wanted = |m: &Model| m.name == "kws_int8" || m.name == "ad_int8" || m.name == "digits_int8";
    let models: Vec<Model> = models::all(TEST).into_iter().filter(wanted).collect();
    if models.len() == 3 {
        on_every_runtime(TEST, &models, &[Sanitizers::Off]);
    }
}

#[test]
fn names_that_clash_are_errors() {
    let compiler = Compiler::new().unwrap();
    let digits = models::own().swap_remove(0);
    let bytes = digits.bytes();
    let errors = |app: &str, names: &[&str]| {
        let models: Vec<AppModel<'_>> = names
            .iter()
            .map(|name| AppModel {
                file: "digits.tflite",
                bytes: &bytes,
                name,
            })
            .collect();
        let result = compiler.compile_app(app, &models, &CompileOptions::for_target("cortex-m4"));
        let e = result.unwrap_err().0;
        let first = e.iter().next().unwrap();
        format!("{}: {}", first.code, first.message)
    };
    for (app, names, want) in [
        (
            "all",
            &["a", "A"][..],
            "D006: two models of app `all` have the name `A`",
        ),
        (
            "all",
            &["a", "All"],
            "D006: app `all` and a model of it have one name",
        ),
        ("all", &[], "D006: app `all` has no model"),
        (
            "all",
            &["all_arena"],
            "D006: model `all_arena` has a name that app `all` gives to what it defines",
        ),
        ("9", &["a"], "D002: `9` is no name for C"),
        ("all", &["a", "b c"], "D002: `b c` is no name for C"),
    ] {
        assert_eq!(errors(app, names), want);
    }
}

/// The same by LLVM: the arenas are an object of their own.
#[cfg(feature = "llvm")]
mod by_llvm {
    use super::*;
    use thumbwright::{Backend, ObjectKind, ObjectOptions};

    #[test]
    fn models_share_their_arena() {
        let settings = BuildSettings {
            backend: Backend::Llvm,
            ..BuildSettings::default()
        };
        let models = models::own();
        for (runtime, io) in [
            ("host", Io::Arena),
            ("host", Io::Caller),
            ("cortex-m4", Io::Arena),
        ] {
            let programs: &[&str] = match runtime {
                "host" => &["cc"],
                _ => &["arm-none-eabi-gcc", "qemu-system-arm"],
            };
            if programs_are_there(runtime, programs) {
                check(&compile(&models, runtime, io), &models, runtime, &settings);
            }
        }
    }

    fn programs_are_there(runtime: &str, list: &[&str]) -> bool {
        programs(
            &format!("models_share_their_arena by LLVM on {runtime}"),
            list,
        )
    }

    /// One archive has everything, and defines the arena once.
    #[test]
    fn a_program_links_one_library() {
        let app = compile(&models::own(), "host", Io::Arena);
        let options = ObjectOptions::new(&[ObjectKind::Library, ObjectKind::LlvmIr]);
        let objects = app.objects(&options).unwrap();
        let names: Vec<&str> = objects.headers.iter().map(|f| &*f.path).collect();
        assert_eq!(names[0], "include/both.h");
        assert_eq!(names.len(), app.models().len() + 1);
        let last = objects.files.last().unwrap();
        assert_eq!(last.path, "libboth.a");
        assert_eq!(objects.files.len(), app.models().len() + 2);
        assert_eq!(app.objects(&options).unwrap(), objects);
        if !programs("a_program_links_one_library", &["cc"]) {
            return;
        }
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join("include")).unwrap();
        for f in &objects.headers {
            std::fs::write(dir.path().join(&f.path), &f.text).unwrap();
        }
        std::fs::write(dir.path().join(&last.path), &last.bytes).unwrap();
        let mut main = "#include \"both.h\"\n".to_owned();
        let mut body = String::new();
        for m in app.models() {
            main += &format!("#include \"{}.h\"\n", m.name());
            body += &format!("    if ({0}_run(NULL, NULL) != 0) return 1;\n", m.name());
            body += &format!(
                "    if ((int8_t *){}_input_0() - both_arena >= BOTH_ARENA_SIZE) return 2;\n",
                m.name()
            );
        }
        main += &format!("#include <stddef.h>\nint main(void)\n{{\n{body}    return 0;\n}}\n");
        std::fs::write(dir.path().join("main.c"), main).unwrap();
        let arguments = [
            "-Wall",
            "-Werror",
            "-Iinclude",
            "main.c",
            "-L.",
            "-lboth",
            "-o",
            "run",
        ];
        let cc = std::process::Command::new("cc")
            .args(arguments)
            .current_dir(dir.path())
            .output();
        let cc = cc.unwrap();
        assert!(
            cc.status.success(),
            "{}",
            String::from_utf8_lossy(&cc.stderr)
        );
        let run = std::process::Command::new(dir.path().join("run"))
            .status()
            .unwrap();
        assert!(run.success(), "{run}");
    }
}
