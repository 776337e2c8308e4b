//! Parses, verifies and prints files: `cargo run --release -p thumbwright-ir --example round_trip -- FILE.mlir…`.
//!
//! Says how long parsing and verifying took, and whether the print is the file.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

fn main() -> ExitCode {
    let mut registry = ir::DialectRegistry::builder();
    if let Err(e) = ir::dialects::register_all(&mut registry) {
        eprintln!("{e}");
        return ExitCode::FAILURE;
    }
    let registry = Arc::new(registry.freeze());
    let mut all_equal = true;
    for file in std::env::args().skip(1) {
        let source = match std::fs::read_to_string(&file) {
            Ok(source) => source,
            Err(e) => {
                eprintln!("{file}: {e}");
                return ExitCode::FAILURE;
            }
        };
        let start = Instant::now();
        let options = ir::text::ParseOptions::default();
        let parsed = ir::text::parse(&source, &file, registry.clone(), &options);
        let parse_time = start.elapsed();
        let verified = parsed.and_then(|m| ir::verify::verify(&m).map(|_| ()).map(|()| m));
        let all_time = start.elapsed();
        match verified {
            Ok(m) => {
                let equal = ir::text::print_module(&m) == source;
                all_equal &= equal;
                let says = if equal {
                    "prints the same"
                } else {
                    "prints another text"
                };
                println!(
                    "{file}: {} bytes, parsed in {parse_time:.2?}, with verifying {all_time:.2?}, {says}",
                    source.len()
                );
            }
            Err(errors) => {
                eprintln!("{errors}");
                all_equal = false;
            }
        }
    }
    if all_equal {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
