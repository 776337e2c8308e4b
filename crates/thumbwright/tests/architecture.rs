//! The invariants of `ARCHITECTURE.md` that a machine can check: which crate may use which, how many dependencies the core has, and
//! what every crate and every file keeps to.

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Which of our crates each of our crates may use outside of its tests; every crate is listed.
const MAY_USE: &[(&str, &[&str])] = &[
    ("ir", &[]),
    ("usmp", &[]),
    ("target", &[]),
    ("prerequisites", &[]),
    ("interp", &["ir"]),
    ("frontends", &["ir"]),
    ("pass", &["ir", "target", "usmp"]),
    ("testgen", &["ir", "interp", "pass", "target"]),
    ("passes", &["ir", "pass", "target", "usmp", "interp"]),
    ("kernel-library", &["ir", "pass", "target", "interp"]),
    ("codegen-c", &["ir", "target"]),
    ("plugin", &["ir", "pass", "target"]),
    ("emulate", &["target"]),
    ("filetests", &["ir"]),
    (
        "thumbwright",
        &[
            "ir",
            "pass",
            "passes",
            "usmp",
            "interp",
            "kernel-library",
            "target",
            "frontends",
            "codegen-c",
            "plugin",
            "emulate",
        ],
    ),
    (
        "fuzz-targets",
        &[
            "ir",
            "pass",
            "interp",
            "frontends",
            "plugin",
            "thumbwright",
            "testgen",
        ],
    ),
    ("capi", &["ir", "thumbwright"]),
];

/// Crates that only tests may use.
const FOR_TESTS_ONLY: &[&str] = &["prerequisites", "testgen", "filetests", "fuzz-targets"];

/// Crates at a border to C, which take the lints of the workspace but for `unsafe_code`.
const MAY_BE_UNSAFE: &[&str] = &["capi", "plugin"];

/// How many dependencies `ir` may have.
const IR_DEPENDENCIES: usize = 5;

/// Lines that a Rust file may have.
const MAX_LINES: usize = 800;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The workspace without its examples, which stand for other people's crates.
fn metadata() -> Metadata {
    let mut metadata = MetadataCommand::new()
        .manifest_path(root().join("Cargo.toml"))
        .no_deps()
        .other_options(["--offline".to_owned()])
        .exec()
        .expect("cargo metadata reads the workspace");
    let examples = metadata.workspace_root.join("examples");
    let packages = &mut metadata.packages;
    packages.retain(|p| !p.manifest_path.starts_with(&examples));
    metadata
}

/// The name that the workspace's own table and the design use: `thumbwright-ir` is `ir`.
fn short(name: &str) -> &str {
    name.strip_prefix("thumbwright-").unwrap_or(name)
}

fn is_ours(name: &str) -> bool {
    name == "thumbwright" || name.starts_with("thumbwright-")
}

/// What a package depends on outside of its tests.
fn dependencies(package: &Package) -> BTreeSet<&str> {
    package
        .dependencies
        .iter()
        .filter(|d| d.kind != DependencyKind::Development)
        .map(|d| d.name.as_str())
        .collect()
}

#[test]
fn crates_use_only_what_they_may() {
    let metadata = metadata();
    let may_use: BTreeMap<&str, BTreeSet<&str>> = MAY_USE
        .iter()
        .map(|&(name, uses)| (name, uses.iter().copied().collect()))
        .collect();
    let found: BTreeSet<&str> = metadata.packages.iter().map(|p| short(&p.name)).collect();
    let listed: BTreeSet<&str> = may_use.keys().copied().collect();
    assert_eq!(
        found, listed,
        "a crate comes with its arrows in this table and its paragraph in ARCHITECTURE.md"
    );
    for package in &metadata.packages {
        let used: BTreeSet<&str> = dependencies(package)
            .into_iter()
            .filter(|name| is_ours(name))
            .map(short)
            .collect();
        let allowed = &may_use[short(&package.name)];
        let excess: Vec<_> = used.difference(allowed).collect();
        assert!(
            excess.is_empty(),
            "{} must not use {excess:?}",
            package.name
        );
        let for_tests: Vec<_> = used
            .iter()
            .filter(|name| FOR_TESTS_ONLY.contains(name))
            .collect();
        let is_for_tests = FOR_TESTS_ONLY.contains(&short(&package.name));
        assert!(
            for_tests.is_empty() || is_for_tests,
            "{} uses {for_tests:?} outside of its tests",
            package.name
        );
    }
}

#[test]
fn the_arrows_have_no_cycle() {
    // Every crate uses only what is listed above it or was listed without uses.
    let mut above: BTreeSet<&str> = BTreeSet::new();
    for &(name, uses) in MAY_USE {
        for used in uses {
            assert!(
                above.contains(used),
                "{name} uses {used}, which comes later"
            );
        }
        above.insert(name);
    }
}

#[test]
fn the_core_has_few_dependencies() {
    let metadata = metadata();
    let ir = metadata
        .packages
        .iter()
        .find(|p| short(&p.name) == "ir")
        .expect("the workspace has the crate ir");
    let used = dependencies(ir);
    assert!(used.len() <= IR_DEPENDENCIES, "ir depends on {used:?}");
}

#[test]
fn every_dependency_is_explained() {
    let text = read(&root().join("ARCHITECTURE.md"));
    for package in &metadata().packages {
        for dependency in &package.dependencies {
            let name = &dependency.name;
            if !is_ours(name) {
                assert!(
                    text.contains(&format!("| `{name}` |")),
                    "{name}, which {} uses, has no line in ARCHITECTURE.md",
                    package.name
                );
            }
        }
        let line = format!("### `crates/{}`", short(&package.name));
        assert!(
            text.contains(&line),
            "{} has no heading `{line}` in ARCHITECTURE.md",
            package.name
        );
    }
}

#[test]
fn every_crate_takes_the_lints_of_the_workspace() {
    let workspace: toml::Table = parse(&root().join("Cargo.toml"));
    let lints = &workspace["workspace"]["lints"]["rust"];
    assert_eq!(lints["missing_docs"].as_str(), Some("deny"));
    assert_eq!(lints["unsafe_code"].as_str(), Some("forbid"));
    for package in &metadata().packages {
        let manifest = parse(package.manifest_path.as_std_path());
        let taken = manifest.get("lints").and_then(|l| l.get("workspace"));
        let taken = taken.and_then(toml::Value::as_bool) == Some(true)
            || (MAY_BE_UNSAFE.contains(&short(&package.name))
                && spells_out(&manifest, &workspace["workspace"]["lints"]));
        assert!(
            taken,
            "{} does not take the workspace's lints",
            package.name
        );
        for (dependency, value) in manifest
            .get("dependencies")
            .and_then(toml::Value::as_table)
            .into_iter()
            .flatten()
        {
            assert!(
                value.get("version").is_none() && !value.is_str(),
                "{}: the version of {dependency} belongs into the workspace's table",
                package.name
            );
        }
    }
    let silenced = ["#![allow(", "#![expect("].map(|how| format!("{how}missing_docs"));
    for file in files("rs") {
        let text = read(&file);
        for what in &silenced {
            assert!(!text.contains(what), "{}: {what})", file.display());
        }
    }
}

/// Whether a package that may be unsafe has all other lints of the workspace, since cargo takes all or none, and demands a reason for every
/// unsafe block.
fn spells_out(manifest: &toml::Table, workspace: &toml::Value) -> bool {
    let lint = |tool: &str, name: &str| manifest.get("lints")?.get(tool)?.get(name);
    let tools = workspace.as_table().into_iter().flatten();
    let mut all = tools.flat_map(|(tool, lints)| {
        let lints = lints.as_table().into_iter().flatten();
        lints.map(move |(name, level)| (tool, name, level))
    });
    all.all(|(tool, name, level)| name == "unsafe_code" || lint(tool, name) == Some(level))
        && lint("clippy", "undocumented_unsafe_blocks").and_then(toml::Value::as_str)
            == Some("deny")
}

#[test]
fn no_file_is_long() {
    let long: Vec<String> = files("rs")
        .iter()
        .map(|file| (file, read(file).lines().count()))
        .filter(|(_, lines)| *lines > MAX_LINES)
        .map(|(file, lines)| format!("{}: {lines} lines", file.display()))
        .collect();
    assert!(
        long.is_empty(),
        "split where there are two things: {long:#?}"
    );
}

/// What is committed must be true on every machine.
#[test]
fn no_file_names_a_place_on_a_developers_machine() {
    let places = ["work", "root", "home", "Users"].map(|dir| format!("/{dir}/"));
    for file in all_files() {
        // What is not text is data.
        let Ok(text) = std::fs::read_to_string(&file) else {
            continue;
        };
        for (number, line) in text.lines().enumerate() {
            for place in &places {
                // Part of a longer relative path (`crates/work/…`) or of an address is not meant.
                let named = line.match_indices(place.as_str()).any(|(at, _)| {
                    let before = line[..at].chars().next_back();
                    !before.is_some_and(|c| c.is_ascii_alphanumeric() || "._-)>".contains(c))
                });
                assert!(
                    !named,
                    "{}:{}: `{place}` is a place on one machine: {line}",
                    file.display(),
                    number + 1
                );
            }
        }
    }
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn parse(path: &Path) -> toml::Table {
    read(path)
        .parse()
        .unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// Our files with that extension.
fn files(extension: &str) -> Vec<PathBuf> {
    let mut found = all_files();
    found.retain(|path| path.extension().is_some_and(|e| e == extension));
    assert!(!found.is_empty(), "no .{extension} file was found");
    found
}

/// Every file of the repository, but for what `.gitignore` leaves out.
fn all_files() -> Vec<PathBuf> {
    const LEFT_OUT: [&str; 4] = [".git", "target", "out", "__pycache__"];
    let mut found = Vec::new();
    let mut open = vec![root()];
    while let Some(dir) = open.pop() {
        let entries = std::fs::read_dir(&dir).unwrap_or_else(|e| panic!("{}: {e}", dir.display()));
        for entry in entries {
            let path = entry.expect("a directory entry can be read").path();
            let left_out = path
                .file_name()
                .is_some_and(|name| LEFT_OUT.iter().any(|out| name == *out));
            // A symbolic link leads out of the repository or to what is found anyway.
            match std::fs::symlink_metadata(&path) {
                Ok(_) if left_out => {}
                Ok(kind) if kind.is_dir() => open.push(path),
                Ok(kind) if kind.is_file() => found.push(path),
                _ => {}
            }
        }
    }
    found.sort();
    found
}
