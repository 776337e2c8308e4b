//! The operators that a front end's table lacks, all of a model at once.

use std::collections::BTreeMap;

use crate::error::OperatorRef;
use crate::finding::{Finding, Findings};

/// Layers named for each kind; further ones are counted.
const LAYERS_SHOWN: usize = 6;

/// One error for each kind of operator, with its layers.
pub(crate) fn report(
    findings: &mut Findings<'_>,
    code: &'static str,
    kinds: BTreeMap<String, Vec<OperatorRef>>,
    supported: &[&str],
) {
    for (kind, operators) in kinds {
        let mut layers: Vec<String> = operators
            .iter()
            .take(LAYERS_SHOWN)
            .map(|o| format!("\"{}\"", o.layer))
            .collect();
        if operators.len() > LAYERS_SHOWN {
            layers.push(format!("{} more", operators.len() - LAYERS_SHOWN));
        }
        let count = operators.len();
        let noun = if count == 1 { "layer" } else { "layers" };
        let finding = Finding::new(
            code,
            format!(
                "the operator {kind} is not supported; {count} {noun}: {}",
                layers.join(", ")
            ),
            format!(
                "replace the layers in the network; supported are {}",
                supported.join(", ")
            ),
        );
        findings.add(operators.into_iter().next(), finding);
    }
}
