//! The operators that the table lacks, all of a model at once.

use std::collections::BTreeMap;

use super::{OPERATORS, operator_import};
use crate::error::{ImportErrors, OperatorRef};
use crate::finding::Findings;
use crate::tflite::codes;
use crate::tflite::model::TfliteModel;
use crate::unsupported::report;

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
    let names: Vec<&str> = OPERATORS.iter().map(|entry| entry.name).collect();
    report(&mut findings, codes::UNSUPPORTED_OPERATOR, kinds, &names);
    findings.into_errors().into_result(())
}
