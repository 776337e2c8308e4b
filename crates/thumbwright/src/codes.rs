//! Every code of a diagnostic, what it means, and a file that provokes it.

mod examples;

pub use examples::{Example, example};

/// Every kind of remark: code and what it means.
pub const REMARKS: &[(&str, &str)] = &[
    (
        "remark.batch-of-one",
        "the first dimension of an input is open in the file, and was taken as 1",
    ),
    (
        "remark.dequantized-weights",
        "quantised weights of a float layer were dequantised, so the layer is computed in float",
    ),
    (
        "remark.float-layer",
        "a layer of a quantised network has no integer form here, and is computed in float",
    ),
    (
        "remark.int32-indices",
        "indices that the network computes are int64 in the file, and int32 here",
    ),
    (
        "remark.not-claimed",
        "an accelerator that was asked for does not take a part of the network that one of its patterns fits, and why",
    ),
    (
        "remark.not-converged",
        "rewrite patterns still applied when their number was used up",
    ),
    (
        "remark.order",
        "the operators were reordered for less memory, or an order of less memory is not ruled out",
    ),
    ("remark.plan", "what the memory planner did"),
    (
        "remark.rewrite-graph",
        "the network was rewritten, with what it cost before and costs now; or the search for a better one was cut off",
    ),
    (
        "remark.rewritten",
        "an op that is new in the network, and the rules that led to it",
    ),
    (
        "remark.schedule-not-taken",
        "a schedule that was asked for does not lower an op, and why",
    ),
    (
        "remark.unsigned-bytes",
        "inputs or outputs have bytes from 0 to 255 in the file; here they have bytes from -128 to 127, 128 less",
    ),
    (
        "remark.unused-graph",
        "the model has a graph that is not compiled",
    ),
];

/// One part's codes.
#[derive(Clone, Copy, Debug)]
pub struct CodeList {
    /// The part that reports them.
    pub part: &'static str,
    /// Code and meaning, in the order of the codes.
    pub codes: &'static [(&'static str, &'static str)],
}

/// All codes, part by part; those of the LLVM back end are in its page of the book.
pub const LISTS: [CodeList; 10] = [
    CodeList {
        part: "MLIR text",
        codes: ir::text::parse::CODES,
    },
    CodeList {
        part: "verifier",
        codes: ir::verify::CODES,
    },
    CodeList {
        part: "TFLite import",
        codes: frontends::tflite::codes::ALL,
    },
    CodeList {
        part: "ONNX import",
        codes: frontends::onnx::codes::ALL,
    },
    CodeList {
        part: "pass manager",
        codes: pass::CODES,
    },
    CodeList {
        part: "passes",
        codes: passes::CODES,
    },
    CodeList {
        part: "C emission",
        codes: codegen_c::CODES,
    },
    CodeList {
        part: "compiler",
        codes: crate::compiler::CODES,
    },
    CodeList {
        part: "remarks",
        codes: REMARKS,
    },
    CodeList {
        part: "plug-ins",
        codes: plugin::CODES,
    },
];

/// The part that reports a code, and what it means.
pub fn explain(code: &str) -> Option<(&'static str, &'static str)> {
    #[cfg(feature = "llvm")]
    if let Some(found) = codegen_llvm::CODES.iter().find(|(c, _)| *c == code) {
        return Some(("LLVM back end", found.1));
    }
    LISTS.iter().find_map(|list| {
        let found = list.codes.iter().find(|(c, _)| *c == code)?;
        Some((list.part, found.1))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_code_means_two_things() {
        let mut seen = BTreeSet::new();
        for list in LISTS {
            for (code, meaning) in list.codes {
                assert!(seen.insert(*code), "{code} is listed twice");
                assert!(!meaning.is_empty());
            }
        }
        assert_eq!(explain("V017").unwrap().0, "verifier");
        assert_eq!(explain("V999"), None);
    }
}
