//! What LLVM is told beyond the ops: alignment, ranges, trip counts; and what it makes of loops with a tail.
#![allow(clippy::unwrap_used, reason = "tests")]

mod network;

use codegen_llvm::{Kind, Options, emit};
use ir::Module;
use target::Targets;

fn text(m: &Module, core: &str, kind: Kind) -> String {
    let targets = Targets::builtin();
    let options = Options {
        kinds: vec![kind],
        ..Options::new("net")
    };
    let verified = ir::verify::verify(m).unwrap_or_else(|d| panic!("{d}"));
    let emitted = emit(verified, targets.get(core).unwrap(), &options);
    let mut emitted = emitted.unwrap_or_else(|d| panic!("{d}"));
    String::from_utf8(emitted.artifacts.remove(0).bytes).unwrap()
}

/// The kernel's buffers are: an input at 0 of an arena that is aligned to 32, and a temporary at 32; constants aligned to 16 and 4, of 1 to 4
/// and 5 to 8; the temporary, and an output at 16.
#[test]
fn alignment_and_ranges_of_what_a_kernel_is_called_with() {
    let ir = text(&network::module(), "cortex-m4", Kind::LlvmIr);
    let kernel = ir
        .lines()
        .find(|l| l.starts_with("define") && l.contains("@multiply_kernel"));
    let kernel = kernel.unwrap_or_else(|| panic!("{ir}"));
    let parameters: Vec<&str> = kernel.split("ptr ").skip(1).collect();
    assert_eq!(parameters.len(), 3, "{kernel}");
    for (parameter, align) in parameters.iter().zip([32, 4, 16]) {
        assert!(parameter.contains(&format!("align {align} ")), "{kernel}");
        assert!(parameter.contains("dereferenceable(16)"), "{kernel}");
    }
    let ranges: Vec<&str> = ir.lines().filter(|l| l.contains("!range")).collect();
    assert!(
        !ranges.is_empty() && ranges.iter().all(|l| l.contains("load i32")),
        "{ir}"
    );
    assert!(ir.contains(" = !{i32 1, i32 9}"), "{ir}");
}

/// A loop whose bounds say that it runs is asked at its end whether it goes on, and its counter does not wrap.
#[test]
fn loops_that_run_have_no_question_before_them() {
    let ir = text(&network::module(), "cortex-m4", Kind::LlvmIr);
    assert!(ir.contains("add nuw nsw i32 "), "{ir}");
    assert!(ir.contains("mustprogress"), "{ir}");
}

/// A loop of vectors with a tail is one of the core's loops by count of elements: no predicate is computed in it.
#[test]
fn a_loop_with_a_tail_needs_no_branch() {
    let all = testgen::helium::all(&network::registry());
    let with_tail =
        |h: &&testgen::helium::Helium| h.cases.iter().any(|c| c.contains("with a tail"));
    let h = all.iter().find(with_tail).unwrap();
    let assembly = text(&h.module, "cortex-m55", Kind::Assembly);
    assert_eq!(assembly.matches("dlstp.8").count(), 1, "{assembly}");
    assert_eq!(assembly.matches("letp").count(), 1, "{assembly}");
    assert!(!assembly.contains("vctp.8"), "{assembly}");
}
