//! Every pattern and every fold has a law that is checked.

use crate::{buffers, chains, conversions, floats, integers, loops, network, registry};
use std::collections::BTreeSet;

#[test]
fn every_rewrite_has_a_law() {
    let registry = registry();
    let mut expected: BTreeSet<String> = registry
        .patterns()
        .iter()
        .map(|p| p.name().to_owned())
        .collect();
    for op in registry.dialects().ops() {
        if registry.dialects().fold(&op.name).is_some() {
            expected.insert(format!("fold {}", op.name));
        }
    }
    let scalar = [
        integers::LAWS,
        conversions::LAWS,
        floats::LAWS,
        chains::LAWS,
        buffers::LAWS,
        loops::LAWS,
    ];
    let mut checked: BTreeSet<String> = scalar
        .iter()
        .flat_map(|l| l.iter())
        .map(|l| l.name.to_owned())
        .collect();
    checked.extend(network::LAWS.iter().map(|l| l.name.to_owned()));
    assert_eq!(expected, checked);
}

#[test]
fn every_pattern_states_its_equation() {
    for p in registry().patterns() {
        assert!(p.equation().len() > 8, "{}", p.name());
        assert!(
            p.name()
                .starts_with(p.root().unwrap().split('.').next().unwrap()),
            "{}",
            p.name()
        );
    }
}
