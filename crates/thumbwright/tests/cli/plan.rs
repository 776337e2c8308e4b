//! `plan`: a model or buffers in, offsets out.

use std::fs;

use crate::command::{names, text, thumbwright};

const BUFFERS: &str = "id,lower,upper,size\na,0,2,8000\nb,1,3,8000\n\"c, d\",2,4,64\n";

#[test]
fn offsets_are_written_and_do_not_overlap() {
    let root = tempfile::tempdir().unwrap();
    let (csv, out) = (root.path().join("in.csv"), root.path().join("out.csv"));
    fs::write(&csv, BUFFERS).unwrap();
    // A capacity of exactly the height fits.
    let ended = thumbwright([
        "plan",
        &text(&csv),
        "--capacity",
        "16000",
        "-o",
        &text(&out),
    ])
    .ok();
    assert!(
        ended
            .out
            .contains("height 16,000 bytes, liveness bound 16,000 bytes (optimal)"),
        "{}",
        ended.out
    );
    let planned = fs::read_to_string(&out).unwrap();
    let offset = |name: &str| {
        let line = planned.lines().find(|l| l.starts_with(name)).unwrap();
        line.rsplit(',').next().unwrap().parse::<u64>().unwrap()
    };
    assert!(offset("a,").abs_diff(offset("b,")) >= 8000);
    let (b, c) = (offset("b,"), offset("\"c, d\""));
    assert!(c + 64 <= b || c >= b + 8000);
    // What it wrote, it reads.
    thumbwright(["plan", &text(&out)]).ok();
}

#[test]
fn what_does_not_fit_exits_with_1_and_names_the_peak() {
    let root = tempfile::tempdir().unwrap();
    let (csv, out) = (root.path().join("in.csv"), root.path().join("out.csv"));
    fs::write(&csv, BUFFERS).unwrap();
    thumbwright([
        "plan",
        &text(&csv),
        "--capacity",
        "15999",
        "-o",
        &text(&out),
    ])
    .fails(
        1,
        &[
            "do not fit: height 16,000 bytes, capacity 15,999 bytes",
            "no plan fits",
            "the peak is at time 1",
            "a: 8,000 bytes, 0..2",
            "b: 8,000 bytes, 1..3",
        ],
    );
    assert_eq!(names(root.path()), ["in.csv"]);
}

#[test]
fn wrong_files_and_options() {
    let root = tempfile::tempdir().unwrap();
    let csv = root.path().join("in.csv");
    let path = text(&csv);
    thumbwright(["plan", &path]).fails(1, &["cannot read", "in.csv"]);
    let directory = root.path().join("directory.csv");
    fs::create_dir(&directory).unwrap();
    thumbwright(["plan", &text(&directory)]).fails(1, &["is a directory"]);
    for bad in [
        "",
        "id,lower\n",
        "id,lower,upper,size\na,3,1,5\n",
        "id,lower,upper,size\na,0,1,x\n",
    ] {
        fs::write(&csv, bad).unwrap();
        thumbwright(["plan", &path]).fails(1, &["in.csv: "]);
    }
    fs::write(&csv, b"id,\xff\n").unwrap();
    thumbwright(["plan", &path]).fails(1, &["in.csv"]);
    fs::write(&csv, BUFFERS).unwrap();
    thumbwright(["plan", &path, "--algorithm", "magic"]).fails(1, &["magic", "greedy-by-size"]);
    thumbwright(["plan", &path, "--capacity=-1"]).fails(2, &["--capacity"]);
    thumbwright(["plan", &path, "-o", &text(root.path())]).fails(1, &["--emit"]);
    let nowhere = text(&root.path().join("no/such/plan.csv"));
    thumbwright(["plan", &path, "-o", &nowhere]).fails(1, &["cannot write", "plan.csv"]);
}

#[test]
fn public_instances() {
    let Some(dir) = prerequisites::shared("public_instances", "planner/minimalloc") else {
        return;
    };
    let mut count = 0;
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if !path.to_str().unwrap().ends_with(".1048576.csv") {
            continue;
        }
        count += 1;
        let path = text(&path);
        let fit = ["plan", &path, "--capacity", "1048576"];
        let out = thumbwright(fit).ok().out;
        assert!(
            out.contains("by exact") && out.contains("liveness bound"),
            "{out}"
        );
        // First-gap greedy is far above the capacity for which these are hard.
        let greedy = [&fit[..], &["--algorithm", "greedy-by-size"]].concat();
        thumbwright(greedy).fails(1, &["do not fit"]);
    }
    assert_eq!(count, 11);
}
