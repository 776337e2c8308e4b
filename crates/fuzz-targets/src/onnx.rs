//! The ONNX importer: any file is a module that verifies, or errors.

use crate::Outcome;
use crate::session::compiler;
use crate::text::names;
use frontends::onnx::ImportOptions;
use ir::Diagnostics;

/// Imports and verifies.
///
/// # Panics
/// If the module does not verify, or an error lacks its place.
pub fn onnx(data: &[u8]) -> Outcome {
    let dialects = compiler().registry().dialects().clone();
    match frontends::onnx::import(data, "fuzz.onnx", None, &ImportOptions::default(), dialects) {
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
                assert_eq!(e.file, "fuzz.onnx", "without the file: {e}");
            }
            let errors: Diagnostics = errors.into();
            assert!(errors.has_errors());
            assert!(!errors.to_string().is_empty());
            Outcome::refused(&errors)
        }
    }
}
