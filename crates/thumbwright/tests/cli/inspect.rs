//! `inspect`: the layers and the memory.

use crate::command::{digits, thumbwright};

#[test]
fn the_digits_model_as_json() {
    let json = thumbwright(["inspect", &digits(), "--json"]).ok().out;
    let report: serde_json::Value = serde_json::from_str(&json).unwrap();
    let ops: Vec<&str> = report["layers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|l| l["op"].as_str().unwrap())
        .collect();
    // The network of models/digits/train_digits.py.
    let expected = [
        "nn.conv_2d",
        "nn.depthwise_conv_2d",
        "nn.conv_2d",
        "nn.add",
        "nn.max_pool_2d",
        "nn.conv_2d",
        "nn.reshape",
        "nn.fully_connected",
        "nn.softmax",
    ];
    let expected: Vec<&str> = expected.into_iter().filter(|op| ops.contains(op)).collect();
    assert_eq!(ops, expected);
    // Outputs × taps × input channels of the five layers with weights; the last convolution has stride 2.
    let macs = 64 * 9 * 16 + 64 * 9 * 16 + 64 * 16 * 16 + 4 * (9 * 16) * 32 + 128 * 10;
    assert_eq!(report["total"]["macs"], macs);
    let weights = (9 * 16 + 4 * 16) * 2 + (256 + 4 * 16) + (9 * 16 * 32 + 4 * 32) + (1280 + 4 * 10);
    assert_eq!(report["total"]["weight_bytes"], weights);
    assert_eq!(
        report["inputs"][0]["shape"],
        serde_json::json!([1, 8, 8, 1])
    );
    assert_eq!(
        report["inputs"][0]["zero_points"],
        serde_json::json!([-128])
    );
    let memory = &report["memory"];
    let number = |key: &str| memory[key].as_u64().unwrap();
    assert!(number("arena_bytes") >= number("bound_bytes"));
    // The two operands of the addition and its result, 8 × 8 × 16 each, live at once.
    assert_eq!(number("activation_bound_bytes"), 3 * 1024);
    let list = |key: &str| memory[key].as_array().unwrap().iter();
    for b in list("buffers").chain(list("scratch")) {
        let end = b["offset"].as_u64().unwrap() + b["bytes"].as_u64().unwrap();
        assert!(end <= number("arena_bytes"), "{b}");
    }
}

#[test]
fn the_table_has_a_line_a_layer() {
    let out = thumbwright(["inspect", &digits(), "--target", "cortex-m0"])
        .ok()
        .out;
    assert!(
        out.starts_with("digits_int8.tflite for cortex-m0\n"),
        "{out}"
    );
    assert!(
        out.contains("54,528 MACs, 6,792 bytes of weights\n"),
        "{out}"
    );
    let mut layers = (0..9).map(|i| format!("\n{i}  "));
    assert!(layers.all(|l| out.contains(&l)), "{out}");
}
