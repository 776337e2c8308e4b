//! The importers of model files: any file is a module that verifies, or errors.

use crate::Outcome;
use crate::session::compiler;
use crate::text::names;
use frontends::{ImportErrors, Imported, onnx, tflite};
use ir::Diagnostics;

/// Imports a TensorFlow Lite file, and verifies.
///
/// # Panics
/// If the module does not verify, or an error lacks its place.
pub fn tflite(data: &[u8]) -> Outcome {
    let dialects = compiler().registry().dialects().clone();
    outcome("fuzz.tflite", tflite::import(data, "fuzz.tflite", dialects))
}

/// Imports an ONNX file, and verifies.
///
/// # Panics
/// As [`tflite()`].
pub fn onnx(data: &[u8]) -> Outcome {
    let dialects = compiler().registry().dialects().clone();
    let options = onnx::ImportOptions::default();
    let imported = onnx::import(data, "fuzz.onnx", None, &options, dialects);
    outcome("fuzz.onnx", imported)
}

fn outcome(file: &str, imported: Result<Imported, ImportErrors>) -> Outcome {
    match imported {
        Ok(imported) => {
            let m = &imported.module;
            if let Err(errors) = ir::verify::verify(m) {
                panic!(
                    "an imported module does not verify:\n{errors}\n{}",
                    ir::text::print_module(m)
                );
            }
            let remarks: Vec<&str> = imported.remarks.iter().map(|r| &*r.code).collect();
            Outcome::accepted((names(m), remarks))
        }
        Err(errors) => {
            assert!(!errors.is_empty(), "refused without an error");
            for e in errors.as_slice() {
                assert_eq!(e.file, file, "without the file: {e}");
            }
            let errors: Diagnostics = errors.into();
            assert!(errors.has_errors());
            assert!(!errors.to_string().is_empty());
            Outcome::refused(&errors)
        }
    }
}
