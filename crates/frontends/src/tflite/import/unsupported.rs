//! The operators that the table lacks, all of a model at once.

use std::collections::BTreeMap;

use super::{OPERATORS, operator_import};
use crate::error::{ImportErrors, OperatorRef};
use crate::tflite::codes;
use crate::tflite::finding::{Finding, Findings};
use crate::tflite::model::TfliteModel;

/// Layers named for each kind; further ones are counted.
const LAYERS_SHOWN: usize = 6;

/// One error for each kind of unsupported operator, with its layers.
pub(super) fn check(model: &TfliteModel, file: &str) -> Result<(), ImportErrors> {
    let mut kinds: BTreeMap<String, Vec<OperatorRef>> = BTreeMap::new();
    for (subgraph, graph) in model.subgraphs.iter().enumerate() {
        for operator in &graph.operators {
            if operator
                .kind
                .builtin_name()
                .and_then(operator_import)
                .is_none()
            {
                let reference = graph.operator_ref(subgraph, operator.index);
                kinds
                    .entry(reference.kind.clone())
                    .or_default()
                    .push(reference);
            }
        }
    }
    let mut findings = Findings::new(file);
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
            codes::UNSUPPORTED_OPERATOR,
            format!(
                "the operator {kind} is not supported; {count} {noun}: {}",
                layers.join(", ")
            ),
            format!(
                "replace the layers in the network; supported are {}",
                supported()
            ),
        );
        findings.add(operators.into_iter().next(), finding);
    }
    findings.into_errors().into_result(())
}

fn supported() -> String {
    let names: Vec<&str> = OPERATORS.iter().map(|entry| entry.name).collect();
    names.join(", ")
}
