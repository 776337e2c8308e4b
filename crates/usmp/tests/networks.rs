//! Heights and bounds of known networks and of public planner instances, each checked.
//!
//! Expected values: the heights of first-gap greedy were measured with an implementation in another language; the bounds
//! come with the instances, in `lower_bounds.json`.

use std::fs;
use std::path::PathBuf;

use usmp::{Algorithms, Liveness, Plan, Problem, check, csv};

fn read(path: PathBuf, alignment: u64) -> Problem {
    let text =
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let instance =
        csv::read(&text, alignment).unwrap_or_else(|errors| panic!("{}: {errors}", path.display()));
    instance.problem
}

fn committed(name: &str, alignment: u64) -> Problem {
    let data = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    read(data.join(name), alignment)
}

fn checked_greedy(problem: &Problem) -> Plan {
    let algorithms = Algorithms::builtin();
    let plan = algorithms
        .get("greedy-by-size")
        .expect("greedy is built in")
        .plan(problem);
    assert_eq!(check(problem, &plan), []);
    plan
}

/// Asserts the liveness bound and the height of first-gap greedy.
#[track_caller]
fn assert_bound_and_height(problem: &Problem, bound: u64, height: u64) {
    assert_eq!(Liveness::of(problem).bound(), bound, "liveness bound");
    assert_eq!(checked_greedy(problem).height(), height, "height");
}

#[test]
fn digits() {
    for alignment in [1, 4, 16] {
        assert_bound_and_height(&committed("digits_int8.csv", alignment), 3072, 3072);
        assert_bound_and_height(&committed("digits_float.csv", alignment), 12288, 12288);
    }
}

#[test]
fn tight_instance_fits_its_capacity() {
    let problem = committed("tight_12.csv", 1).with_capacity(12);
    assert_bound_and_height(&problem, 12, 12);
    // In steps of 16 bytes: two full steps and the 4 bytes of the topmost.
    assert_bound_and_height(&committed("tight_12.csv", 16), 36, 36);
}

#[test]
fn networks() {
    let Some(root) =
        prerequisites::shared("networks: KWS, VWW, ResNet-8, AD, person_detect", "planner")
    else {
        return;
    };
    let expected = [
        ("kws_int8", 16_000, 16_000),
        ("vww_int8", 55_296, 64_512),
        ("resnet_int8", 49_152, 49_152),
        ("ad_int8", 768, 768),
        ("person_detect", 55_296, 55_296),
    ];
    for (model, bound, height) in expected {
        for alignment in [1, 16] {
            let problem = read(root.join(format!("models/{model}.csv")), alignment);
            assert_bound_and_height(&problem, bound, height);
        }
    }
}

#[test]
fn bounds_of_all_shared_instances() {
    let Some(root) = prerequisites::shared("bounds of all shared instances", "planner") else {
        return;
    };
    let text = fs::read_to_string(root.join("lower_bounds.json")).unwrap();
    let bounds: serde_json::Value = serde_json::from_str(&text).unwrap();
    let models = bounds["models"].as_object().unwrap();
    assert!(!models.is_empty());
    for (name, model) in models {
        let path = root.join(model["csv"].as_str().unwrap());
        let exact = read(path.clone(), 1);
        assert_eq!(exact.buffers().len() as u64, model["buffers"], "{name}");
        assert_eq!(Liveness::of(&exact).bound(), model["lower_bound"], "{name}");
        // The file rounds the topmost buffer up as well.
        let aligned = Liveness::of(&read(path, 16)).bound();
        assert!(aligned >= Liveness::of(&exact).bound(), "{name}");
        assert_eq!(
            aligned.next_multiple_of(16),
            model["lower_bound_align16"],
            "{name}"
        );
    }
    let instances = bounds["minimalloc"].as_object().unwrap();
    assert!(!instances.is_empty());
    for (name, instance) in instances {
        let problem = read(root.join("minimalloc").join(name), 1);
        assert_eq!(
            problem.buffers().len() as u64,
            instance["buffers"],
            "{name}"
        );
        assert_eq!(
            Liveness::of(&problem).bound(),
            instance["max_live_bytes"],
            "{name}"
        );
    }
}

/// Implementations in other languages need 1.23 to 1.41 × the capacity on the eleven hard instances.
#[test]
fn greedy_on_the_hard_instances() {
    let Some(root) = prerequisites::shared("greedy on the hard instances A to K", "planner") else {
        return;
    };
    let capacity = 1_048_576;
    for letter in "ABCDEFGHIJK".chars() {
        let path = root.join(format!("minimalloc/{letter}.{capacity}.csv"));
        let plan = checked_greedy(&read(path, 1));
        let percent = plan.height() * 100 / capacity;
        assert!(
            (123..=141).contains(&percent),
            "{letter}: {percent} % of the capacity"
        );
    }
}
