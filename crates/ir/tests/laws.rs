//! The laws of the text, over random texts, random modules and every file in the tree: what is printed is read as the same module,
//! printing is idempotent, and `mlir-opt-19` agrees, in both directions.
#![allow(clippy::unwrap_used, reason = "tests")]

mod isomorphism;
mod modules;

use ir::text::{ParseOptions, list_module, parse, print_module};
use ir::verify::verify_with;
use ir::{Module, VerifyOptions, WalkOrder};
use isomorphism::difference;
use modules::registry;
use prerequisites::mlir_opt_each;
use proptest::prelude::*;
use std::path::{Path, PathBuf};
use testgen::loops::Features;

const LENIENT: ParseOptions = ParseOptions {
    allow_unregistered: true,
};

const LENIENT_VERIFIER: VerifyOptions = VerifyOptions {
    allow_unregistered: true,
};

const DEBUG: &[&str] = &["--mlir-print-debuginfo"];

/// Panics with the shortest of the failures.
fn report(failures: Vec<(String, String)>, of: usize) {
    let count = failures.len();
    if let Some((text, why)) = failures.into_iter().min_by_key(|(text, _)| text.len()) {
        panic!("{count} of {of}; the shortest:\n{text}\n{why}");
    }
}

/// The first line in which two texts differ, if one does.
fn first_difference(ours: &str, theirs: &str) -> Option<String> {
    if ours == theirs {
        return None;
    }
    let mut pairs = ours.lines().zip(theirs.lines());
    Some(match pairs.find(|(a, b)| a != b) {
        Some((a, b)) => format!("ours:   {a}\ntheirs: {b}"),
        None => "one is longer".to_owned(),
    })
}

/// What the lenient verifier finds wrong, but for what is a rule of ours and not of MLIR's: functions have tensors or buffers.
fn wrong(m: &Module) -> Option<String> {
    let errors = verify_with(m, &LENIENT_VERIFIER).err()?;
    errors
        .iter()
        .any(|d| d.code != "V029")
        .then(|| errors.to_string())
}

/// `parse(print(m)) ≅ m` and `print∘parse∘print = print`.
fn breaks_a_law(m: &Module, printed: &str) -> Option<String> {
    let again = match parse(printed, "again.mlir", registry(), &LENIENT) {
        Ok(again) => again,
        Err(e) => return Some(e.to_string()),
    };
    difference(m, &again).or_else(|| first_difference(&print_module(&again), printed))
}

/// Random modules: half of them of random texts, half of typed ops at both levels.
fn random_modules(count: usize) -> Vec<Module> {
    let registry = registry();
    let texts = testgen::text::sources(1, count / 2);
    let mut all: Vec<Module> = texts
        .iter()
        .map(|t| parse(t, "random.mlir", registry.clone(), &LENIENT).unwrap())
        .collect();
    let rest = count - all.len();
    all.extend(
        testgen::network::networks(1, rest / 4)
            .iter()
            .map(|n| n.build(&registry)),
    );
    all.extend(
        testgen::nn::cases(1, rest / 4)
            .iter()
            .map(|c| c.build(&registry)),
    );
    let loops = testgen::loops::cases(Features::ALL, 1, count - all.len());
    all.extend(loops.iter().map(|c| c.build(&registry)));
    assert_eq!(all.len(), count);
    all
}

#[test]
fn random_modules_are_what_their_text_says() {
    let modules = random_modules(1000);
    let failures = modules.iter().filter_map(|m| {
        let printed = print_module(m);
        breaks_a_law(m, &printed).map(|why| (printed, why))
    });
    report(failures.collect(), modules.len());
}

/// An op begins in the line that the listing says, and the listing is the text.
#[test]
fn lines_of_random_modules_are_where_the_ops_are() {
    let modules = random_modules(1000);
    let wrong = |m: &Module| {
        let listing = list_module(m);
        if listing.text != print_module(m) {
            return Some("another text".to_owned());
        }
        let lines: Vec<&str> = listing.text.lines().collect();
        let mut last = 0;
        m.walk(m.root(), WalkOrder::Pre).into_iter().find_map(|op| {
            let line = listing.line(op).unwrap_or(0);
            let text = lines.get((line as usize).wrapping_sub(1)).unwrap_or(&"");
            let code = text
                .split_once(" = ")
                .filter(|p| p.0.trim().starts_with('%'));
            let code = code.map_or(text.trim(), |p| p.1);
            let begins = code.starts_with(&format!("\"{}\"", m.op_name(op)));
            let right = begins && line > last;
            last = line;
            (!right).then(|| format!("{} is not in line {line}: {text}", m.op_name(op)))
        })
    };
    let failures = modules
        .iter()
        .filter_map(|m| Some((print_module(m), wrong(m)?)));
    report(failures.collect(), modules.len());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn shrunk_texts_obey_the_laws(text in testgen::text::strategy()) {
        let m = parse(&text, "t.mlir", registry(), &LENIENT).unwrap_or_else(|e| panic!("{e}\n{text}"));
        prop_assert_eq!(breaks_a_law(&m, &print_module(&m)), None);
        prop_assert_eq!(wrong(&m), None);
    }
}

/// What we print is what `mlir-opt-19` prints of it.
#[test]
fn random_modules_are_the_oracles_normal_form() {
    const TEST: &str = "random_modules_are_the_oracles_normal_form";
    if !prerequisites::programs(TEST, &["mlir-opt-19"]) {
        return;
    }
    let texts: Vec<String> = random_modules(2000).iter().map(print_module).collect();
    let verdicts = mlir_opt_each(&texts, DEBUG);
    let failures = texts.iter().zip(verdicts).filter_map(|(ours, v)| {
        let why = match v.answer {
            Ok(theirs) => first_difference(ours, &theirs)?,
            Err(e) => e,
        };
        Some((ours.clone(), why))
    });
    report(failures.collect(), texts.len());
}

/// What we print of a random text is what `mlir-opt-19` prints of it, and reads as the same module.
#[test]
fn random_texts_are_read_as_the_oracle_reads_them() {
    const TEST: &str = "random_texts_are_read_as_the_oracle_reads_them";
    if !prerequisites::programs(TEST, &["mlir-opt-19"]) {
        return;
    }
    let texts = testgen::text::sources(0, 2000);
    let verdicts = mlir_opt_each(&texts, DEBUG);
    let failure = |text: &str, file: &str, theirs: &str| {
        let m = match parse(&format!("\n{text}"), file, registry(), &LENIENT) {
            Ok(m) => m,
            Err(e) => return Some(e.to_string()),
        };
        wrong(&m)
            .or_else(|| first_difference(&print_module(&m), theirs))
            .or_else(|| breaks_a_law(&m, theirs))
    };
    let failures = texts.iter().zip(&verdicts).filter_map(|(text, v)| {
        let why = match &v.answer {
            Ok(theirs) => failure(text, &v.file, theirs)?,
            Err(e) => e.clone(),
        };
        Some((text.clone(), why))
    });
    report(failures.collect(), texts.len());
}

/// Parser and verifier together refuse what `mlir-opt-19` refuses, and nothing else: dominance, successors, names.
#[test]
fn random_mistakes_are_refused_as_the_oracle_refuses_them() {
    const TEST: &str = "random_mistakes_are_refused_as_the_oracle_refuses_them";
    if !prerequisites::programs(TEST, &["mlir-opt-19"]) {
        return;
    }
    let texts = testgen::text::sources_with_mistakes(0, 1000);
    let verdicts = mlir_opt_each(&texts, DEBUG);
    let refused = verdicts.iter().filter(|v| v.answer.is_err()).count();
    assert!((100..900).contains(&refused), "{refused} of 1000");
    let failures = texts.iter().zip(&verdicts).filter_map(|(text, v)| {
        let ours = match parse(text, "t.mlir", registry(), &LENIENT) {
            Ok(m) => wrong(&m),
            Err(e) => Some(e.to_string()),
        };
        match (&ours, &v.answer) {
            (None, Err(e)) => Some((text.clone(), format!("theirs: {e}"))),
            (Some(e), Ok(_)) => Some((text.clone(), format!("ours: {e}"))),
            _ => None,
        }
    });
    report(failures.collect(), texts.len());
}

/// Every `.mlir` file below a directory.
fn files(dir: &Path, out: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(dir)
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    entries.sort();
    for path in entries {
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if path.is_dir() && name != "target" && !name.starts_with('.') {
            files(&path, out);
        } else if path.extension().is_some_and(|e| e == "mlir") {
            out.push(path);
        }
    }
}

/// Files with several texts, or with errors on purpose, are read as far as they can be.
#[test]
fn every_file_in_the_tree_obeys_the_laws() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut all = Vec::new();
    files(&root, &mut all);
    let mut read = 0;
    let mut failures = Vec::new();
    for path in &all {
        // A fuzzer's finds need not be text at all.
        let Ok(source) = String::from_utf8(std::fs::read(path).unwrap()) else {
            continue;
        };
        for text in source.split("// -----") {
            let Ok(m) = parse(text, "t.mlir", registry(), &LENIENT) else {
                continue;
            };
            // A branch to an entry block has no text; the verifier refuses it.
            let branches = |d: &ir::Diagnostic| d.code == "V032";
            if verify_with(&m, &LENIENT_VERIFIER).is_err_and(|e| e.iter().any(branches)) {
                continue;
            }
            read += 1;
            let printed = print_module(&m);
            failures.extend(
                breaks_a_law(&m, &printed)
                    .map(|why| (printed, format!("{}: {why}", path.display()))),
            );
        }
    }
    println!("{read} texts of {} files", all.len());
    assert!(read > 0 || all.is_empty(), "no text can be read");
    report(failures, read);
}
