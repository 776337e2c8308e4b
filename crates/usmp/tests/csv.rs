//! The CSV format: what is read, what is refused and with which words, and that writing and reading agree.

use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;
use usmp::csv::{self, MAX_ERRORS};
use usmp::{Buffer, BufferKind, Plan, Problem, check};

/// Asserts that reading `text` fails with exactly these messages.
#[track_caller]
fn refused(text: &str, messages: &[&str]) {
    let errors = csv::read(text, 1).expect_err("the text is wrong");
    let found: Vec<String> = errors.errors().iter().map(ToString::to_string).collect();
    assert_eq!(found, messages);
}

#[test]
fn columns_in_any_order_with_offsets() {
    let text = "offset,size,id,upper,alignment,lower\r\n0,4,a,3,8,0\r\n,5,b,9,,3\r\n";
    let instance = csv::read(text, 16).unwrap();
    let buffer = |name: &str, size, align, start, end| Buffer {
        name: name.to_owned(),
        size,
        align,
        start,
        end,
        kind: BufferKind::Activation,
    };
    assert_eq!(
        instance.problem.buffers(),
        [buffer("a", 4, 8, 0, 3), buffer("b", 5, 16, 3, 9)]
    );
    assert_eq!(instance.offsets, [Some(0), None]);
    assert_eq!(instance.plan(), None);
}

#[test]
fn a_file_with_all_offsets_is_a_plan() {
    let instance = csv::read("id,lower,upper,size,offset\na,0,2,4,4\nb,1,3,4,0\n", 1).unwrap();
    let plan = instance.plan().unwrap();
    assert_eq!((plan.offsets(), plan.height()), (&[4, 0][..], 8));
    assert_eq!(check(&instance.problem, &plan), []);
    assert_eq!(
        csv::write(&instance.problem, Some(&plan)),
        "id,lower,upper,size,offset\na,0,2,4,4\nb,1,3,4,0\n"
    );
}

#[test]
fn no_buffers_is_a_problem_too() {
    let instance = csv::read("id,lower,upper,size\n", 1).unwrap();
    assert!(instance.problem.buffers().is_empty());
    assert_eq!(instance.plan().unwrap().height(), 0);
}

#[test]
fn headers_are_checked() {
    refused("", &["line 1: there is no line that names the columns"]);
    refused(
        " \n\n",
        &["line 1: there is no line that names the columns"],
    );
    refused(
        "\nid,begin,upper,upper\n",
        &[
            "line 2: column `begin` is unknown; known are id, lower, upper, size, alignment, offset",
            "line 2: column `upper` is named twice",
            "line 2: there is no column `lower`",
            "line 2: there is no column `size`",
        ],
    );
}

#[test]
fn hostile_numbers_name_line_and_column() {
    let header = "id,lower,upper,size,alignment,offset\n";
    let wrong = [
        "a,-1,2,4,1,0",
        "b,0,4294967296,4,1,0",
        "c,0,1,18446744073709551616,1,0",
        "d,0,1,0x10,1,0",
        "e,0,1,+4,1,1e3",
        "f,,1,4,1,0",
    ];
    refused(
        &format!("{header}{}\n", wrong.join("\n")),
        &[
            "line 2, column `lower`: `-1` is not a decimal number of at most 32 bits",
            "line 3, column `upper`: `4294967296` is not a decimal number of at most 32 bits",
            "line 4, column `size`: `18446744073709551616` is not a decimal number of at most 64 bits",
            "line 5, column `size`: `0x10` is not a decimal number of at most 64 bits",
            "line 6, column `size`: `+4` is not a decimal number of at most 64 bits",
            "line 6, column `offset`: `1e3` is not a decimal number of at most 64 bits",
            "line 7, column `lower`: `` is not a decimal number of at most 32 bits",
        ],
    );
}

#[test]
fn lines_and_buffers_are_checked_together() {
    refused(
        "id,lower,upper,size,alignment\na,0,1\n,0,1,4,1\nb,3,3,4,3\n\nb,0,1,18446744073709551615,1\nc,0,1,4,\"1",
        &[
            "line 2: 3 fields for 5 columns",
            "line 3, column `id`: the buffer has no name",
            "line 4, column `upper`: buffer `b` is never live: its lifetime ends at 3 and starts at 3",
            "line 4, column `alignment`: buffer `b` has the alignment 3, which is not a power of two",
            "line 6, column `id`: buffer name `b` is used twice",
            "line 6, column `size`: with buffer `b` of 18446744073709551615 bytes the sizes add up to 2^63 bytes or more",
            "line 7: a quote is opened and never closed",
        ],
    );
}

#[test]
fn reading_stops_after_many_errors() {
    let text = format!("id,lower,upper,size\n{}", "a,b,c,d\n".repeat(10_000));
    assert_eq!(csv::read(&text, 1).unwrap_err().errors().len(), MAX_ERRORS);
    let text = format!("id,lower,upper,size\n{}", "a,0,1,1\n".repeat(10_000));
    assert_eq!(csv::read(&text, 1).unwrap_err().errors().len(), MAX_ERRORS);
    let text = "id,".repeat(10_000);
    assert_eq!(csv::read(&text, 1).unwrap_err().errors().len(), MAX_ERRORS);
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        ..ProptestConfig::with_cases(1_000)
    })]

    #[test]
    fn reading_undoes_writing(
        rows in prop::collection::btree_map(
            "[a-c,\" \r\n/é\u{feff}]{1,6}", (any::<u32>(), 0u32..u32::MAX, 1u32..100, 0u32..8, any::<u64>()), 0..8,
        ),
        with_plan: bool,
    ) {
        let buffer = |(name, (size, start, length, log_align, _)): (&String, &(u32, u32, u32, u32, u64))| Buffer {
            name: name.clone(), size: u64::from(*size), align: 1u64 << log_align, start: *start,
            end: start.saturating_add(*length), kind: BufferKind::Activation,
        };
        let problem = Problem::new(rows.iter().map(buffer).collect()).unwrap();
        let plan = with_plan.then(|| Plan::new(&problem, rows.values().map(|row| row.4).collect()));
        let instance = csv::read(&csv::write(&problem, plan.as_ref()), 1).unwrap();
        prop_assert_eq!(&instance.problem, &problem);
        if with_plan || rows.is_empty() {
            prop_assert_eq!(instance.plan(), Some(plan.unwrap_or(Plan::new(&problem, Vec::new()))));
        } else {
            prop_assert!(instance.offsets.iter().all(Option::is_none));
        }
    }

    #[test]
    fn no_text_makes_reading_panic(text in "[-ab0-9,\"\\n\\r\u{feff} ]{0,80}", with_header: bool) {
        let header = if with_header { "id,lower,upper,size\n" } else { "" };
        if let Err(errors) = csv::read(&format!("{header}{text}"), 1) {
            prop_assert!(!errors.errors().is_empty());
        }
    }
}
