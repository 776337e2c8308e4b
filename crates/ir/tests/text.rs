//! The printer against `mlir-opt-19`: what we print is its normal form.
#![allow(clippy::unwrap_used, reason = "tests")]

mod modules;

use modules::{loops, network};
use prerequisites::mlir_opt;

#[test]
fn prints_the_normal_form_of_mlir_opt() {
    if !prerequisites::programs("prints_the_normal_form_of_mlir_opt", &["mlir-opt-19"]) {
        return;
    }
    for m in [network(), loops()] {
        ir::verify::verify(&m).unwrap();
        let text = ir::text::print_module(&m);
        assert_eq!(mlir_opt(&text, &["--mlir-print-debuginfo"]).unwrap(), text);
    }
}
