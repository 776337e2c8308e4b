//! What must hold before any table is read: the identifier, and the flatbuffers verifier's walk.

use super::read::operator_kind;
use super::table::{OutOfFile, Table};
use super::{codes, limits, schema, verify};
use crate::error::OperatorRef;
use crate::finding::{Finding, Findings};

/// True if the file's tables may be read; else the reason goes to `findings`.
pub(super) fn check(bytes: &[u8], findings: &mut Findings<'_>) -> bool {
    if bytes.is_empty() {
        let help = "the model was not written whole; convert or download it again";
        findings.add(None, Finding::new(codes::UNREADABLE, "it is empty", help));
        return false;
    }
    if bytes.get(4..8) != Some(&schema::IDENTIFIER[..]) {
        let message = "it is not a TFLite file: the identifier TFL3 is missing at byte 4";
        let help = "give a .tflite file; a saved model or a Keras file is converted with TensorFlow's tf.lite.TFLiteConverter";
        findings.add(None, Finding::new(codes::NOT_TFLITE, message, help));
        return false;
    }
    let Err(error) = verify::verify(bytes) else {
        return true;
    };
    let defect = verify::describe(&error);
    let at = if defect.path.is_empty() {
        String::new()
    } else {
        format!(" at {}", defect.path)
    };
    let operator = defect
        .operator
        .and_then(|(graph, index)| locate(bytes, graph, index).ok());
    let (code, message, help) = if defect.limit {
        let message = format!("the file is too complex: {}{at}", defect.message);
        (
            codes::LIMIT,
            message,
            "convert the model again; if the file is sound, split the model",
        )
    } else {
        let message = format!("the file is damaged{at}: {}", defect.message);
        (
            codes::DAMAGED,
            message,
            "the file is damaged or was cut off; convert or download it again",
        )
    };
    findings.add(operator, Finding::new(code, message, help));
    false
}

/// Names an operator of a file that failed verification, as far as its own tables can be read.
fn locate(bytes: &[u8], graph: usize, index: usize) -> Result<OperatorRef, OutOfFile> {
    let model = Table::root(bytes)?;
    let subgraph = model.tables(schema::model::SUBGRAPHS)?.get(graph)?;
    let operator = subgraph.tables(schema::subgraph::OPERATORS)?.get(index)?;
    let kind = usize::try_from(operator.u32(schema::operator::OPCODE_INDEX, 0)?)
        .map_err(|_| OutOfFile(0))
        .and_then(|code| model.tables(schema::model::OPERATOR_CODES)?.get(code))
        .and_then(|code| operator_kind(&code))
        .map_or_else(
            |_| "unknown operator".to_owned(),
            |(kind, _)| kind.to_string(),
        );
    let layer = operator
        .i32s(schema::operator::OUTPUTS)
        .and_then(|mut outputs| {
            let first = outputs
                .next()
                .and_then(|i| usize::try_from(i).ok())
                .ok_or(OutOfFile(0))?;
            subgraph
                .tables(schema::subgraph::TENSORS)?
                .get(first)?
                .string(schema::tensor::NAME)
        })
        .map(|name| {
            String::from_utf8_lossy(&name[..name.len().min(limits::MAX_NAME_BYTES)]).into_owned()
        })
        .unwrap_or_default();
    Ok(OperatorRef {
        kind,
        index,
        layer,
        subgraph: graph,
    })
}
