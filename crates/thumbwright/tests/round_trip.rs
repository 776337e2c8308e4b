//! What a compile prints at any stage, the parser reads, the verifier accepts, and the printer prints back unchanged.
#![allow(clippy::unwrap_used, reason = "tests")]

mod models;

use ir::text::{ParseOptions, parse, print_module};
use thumbwright::{CompileOptions, Compiler};

#[test]
fn every_stage_reads_back() {
    let compiler = Compiler::new().unwrap();
    for model in models::all("every_stage_reads_back") {
        let options = CompileOptions {
            keep_stages: true,
            ..CompileOptions::for_target("cortex-m4")
        };
        let compiled = compiler
            .compile(&model.file(), &model.bytes(), &options)
            .unwrap();
        for stage in compiled.stages() {
            let dialects = compiler.registry().dialects().clone();
            let strict = ParseOptions {
                allow_unregistered: false,
            };
            let read = parse(&stage.text, &stage.name, dialects, &strict)
                .unwrap_or_else(|e| panic!("{} after {}: {e}", model.name, stage.name));
            assert!(ir::verify::verify(&read).is_ok());
            // Not assert_eq: the texts are megabytes.
            let same = print_module(&read) == stage.text;
            assert!(same, "{} after {}: another text", model.name, stage.name);
        }
    }
}
