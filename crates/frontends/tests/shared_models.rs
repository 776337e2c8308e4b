//! The models beside the project against their manifest, which another program wrote.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;
use std::path::PathBuf;

use frontends::tflite::{Tensor, read, read_file};
use serde_json::Value;

fn models() -> Option<(PathBuf, Value)> {
    let root = prerequisites::shared("models_are_read_as_their_manifest_says", "models")?;
    let text = std::fs::read_to_string(root.join("manifest.json")).unwrap();
    Some((
        root,
        serde_json::from_str(&text).expect("the manifest is JSON"),
    ))
}

fn assert_tensor(tensor: &Tensor, expected: &Value, file: &str) {
    assert_eq!(
        Value::from(tensor.name.as_str()),
        expected["name"],
        "{file}"
    );
    assert_eq!(
        Value::from(tensor.shape.clone()),
        expected["shape"],
        "{file}"
    );
    assert_eq!(
        Value::from(tensor.dtype.name()),
        expected["dtype"],
        "{file}"
    );
    match &tensor.quant {
        None => assert!(expected["quant"].is_null(), "{file}"),
        Some(quant) => {
            let scales: Vec<f64> = quant.scales.iter().copied().map(f64::from).collect();
            assert_eq!(Value::from(scales), expected["quant"]["scale"], "{file}");
            assert_eq!(
                Value::from(quant.zero_points.clone()),
                expected["quant"]["zero_point"],
                "{file}"
            );
        }
    }
}

#[test]
fn models_are_read_as_their_manifest_says() {
    let Some((root, manifest)) = models() else {
        return;
    };
    let mut seen = 0;
    for (name, expected) in manifest.as_object().unwrap() {
        if !name.ends_with(".tflite") {
            continue;
        }
        seen += 1;
        let bytes = read_file(&root.join(name)).unwrap_or_else(|e| panic!("{e}"));
        let model = read(&bytes, name).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(
            Value::from(model.version),
            expected["schema_version"],
            "{name}"
        );
        assert_eq!(
            Value::from(model.subgraphs.len()),
            expected["subgraphs"],
            "{name}"
        );
        let graph = &model.subgraphs[0];

        let mut operators: BTreeMap<String, u64> = BTreeMap::new();
        for operator in &graph.operators {
            *operators
                .entry(format!("{} v{}", operator.kind, operator.version))
                .or_default() += 1;
        }
        assert_eq!(
            serde_json::to_value(operators).unwrap(),
            expected["ops"],
            "{name}"
        );

        let mut types: BTreeMap<&str, u64> = BTreeMap::new();
        for tensor in &graph.tensors {
            *types.entry(tensor.dtype.name()).or_default() += 1;
        }
        assert_eq!(
            serde_json::to_value(types).unwrap(),
            expected["tensor_types"],
            "{name}"
        );

        for (list, key) in [(&graph.inputs, "inputs"), (&graph.outputs, "outputs")] {
            let tensors = expected[key].as_array().unwrap();
            assert_eq!(list.len(), tensors.len(), "{name}");
            for (&index, tensor) in list.iter().zip(tensors) {
                assert_tensor(&graph.tensors[index], tensor, name);
            }
        }

        let constants: u64 = graph
            .tensors
            .iter()
            .filter_map(|t| t.data.as_ref())
            .map(|d| u64::try_from(d.len()).unwrap())
            .sum();
        assert_eq!(Value::from(constants), expected["const_bytes"], "{name}");
        let per_channel = graph
            .tensors
            .iter()
            .any(|t| t.quant.as_ref().is_some_and(|q| q.is_per_axis()));
        assert_eq!(Value::from(per_channel), expected["per_channel"], "{name}");
    }
    assert!(seen > 0, "the manifest lists no .tflite file");
}
