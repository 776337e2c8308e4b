//! The file tests that provoke each code, so that what is shown to people is what the tests run.

/// A file of `tests/filetests` that provokes a diagnostic.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Example {
    /// The diagnostic's code.
    pub code: &'static str,
    /// The file, from the repository's root.
    pub path: &'static str,
    /// The whole file: what is wrong in a comment, the command, what it must say, and the text if it is not a file of its own.
    pub text: &'static str,
}

/// Directory, ending, and the codes that files are named after.
macro_rules! examples {
    ($($directory:literal $ending:literal: $($code:literal)+;)+) => {
        /// All, in the order of the directories.
        const ALL: &[Example] = &[$($(Example {
            code: $code,
            path: concat!("tests/filetests/", $directory, "/", $code, $ending),
            text: include_str!(concat!("../../../../tests/filetests/", $directory, "/", $code, $ending)),
        }),+),+];
    };
}

examples! {
    "parse" ".mlir": "S001" "S002" "S003" "S004" "S005" "S006" "S007" "S008" "S009" "S010" "S011" "S012" "S013" "S014" "S015" "S016" "S017" "S018" "S019" "S020" "S021" "S022" "S023" "S024" "S025" "S026" "S027";
    "verify" ".mlir": "V002" "V003" "V004" "V005" "V006" "V007" "V008" "V009" "V010" "V011" "V012" "V014" "V015" "V016" "V017" "V018" "V019" "V020" "V021" "V022" "V023" "V024" "V025" "V026" "V027" "V028" "V029" "V030" "V031" "V032" "V033";
    "import" ".test": "T001" "T002" "T003" "T004" "T005" "T006" "T010" "T011" "T012" "T013" "T014" "T015" "T020" "T021" "T022" "T023" "T024" "T025" "T026" "T030" "T031" "T032" "T040" "T041" "T042" "T043" "T044" "T045" "T050" "T051" "T052" "T053" "T054" "T100" "T101" "T102" "T103" "T104" "T105" "T106" "T107" "T108" "T200" "T201" "T202" "N001" "N002" "N003" "N010" "N011" "N012" "N013" "N014" "N015" "N100" "N101" "N102" "N103" "N104" "N105" "N106" "N107" "remark.batch-of-one" "remark.dequantized-weights" "remark.int32-indices" "remark.unsigned-bytes" "remark.unused-graph";
    "external" ".mlir": "X001" "X002" "X003";
    "pipeline" ".mlir": "P001" "P004";
    "lower" ".mlir": "L001" "L002";
    "plan" ".mlir": "M001" "M002" "M003" "M004" "M006" "M007" "M008" "M009" "M010" "remark.order" "remark.plan";
    "rewrite" ".mlir": "remark.float-layer" "remark.rewrite-graph" "remark.rewritten";
    "emit" ".mlir": "C002" "C003" "C004" "C005" "C006" "C007" "C008" "C009" "C010" "C011";
    "compile" ".test": "D001" "D002" "D003" "D005" "D006" "P005";
}

/// The file that provokes a code, if a file can.
pub fn example(code: &str) -> Option<&'static Example> {
    ALL.iter().find(|e| e.code == code)
}
