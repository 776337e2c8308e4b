//! The models that tests run on: our own digits, and those beside the repository when they are there.
#![allow(dead_code, clippy::unwrap_used, reason = "each test uses a part")]

use serde::Deserialize;
use std::path::{Path, PathBuf};

/// A model with golden inputs and outputs.
pub struct Model {
    /// File stem, `kws_int8`; of ONNX the whole name.
    pub name: String,
    pub path: PathBuf,
    pub golden: Golden,
    golden_dir: PathBuf,
}

/// A golden index.
#[derive(Deserialize)]
pub struct Golden {
    pub n_samples: usize,
    pub inputs: Vec<GoldenTensor>,
    pub outputs: Vec<GoldenTensor>,
    pub samples: Vec<Sample>,
}

/// A tensor of a golden index.
#[derive(Deserialize)]
pub struct GoldenTensor {
    pub dtype: String,
    pub shape: Vec<i64>,
    pub file: String,
    pub bytes_per_sample: usize,
}

/// What a sample is.
#[derive(Deserialize)]
pub struct Sample {
    pub kind: String,
    pub label_index: Option<usize>,
}

impl Model {
    /// A file and the folder of its golden index, which for an ONNX file is named after the whole file.
    fn load(path: PathBuf, golden_dir: PathBuf) -> Model {
        let onnx = path.extension().is_some_and(|e| e == "onnx");
        let name = if onnx {
            path.file_name()
        } else {
            path.file_stem()
        };
        let name = name.unwrap().to_str().unwrap().to_owned();
        let index = std::fs::read_to_string(golden_dir.join(format!("{name}.json"))).unwrap();
        Model {
            golden: serde_json::from_str(&index).unwrap(),
            name,
            path,
            golden_dir,
        }
    }

    pub fn bytes(&self) -> Vec<u8> {
        std::fs::read(&self.path).unwrap()
    }

    pub fn file(&self) -> String {
        self.path.file_name().unwrap().to_str().unwrap().to_owned()
    }

    pub fn is_int8(&self) -> bool {
        self.golden.inputs[0].dtype == "int8"
    }

    /// The first `samples` samples of each input.
    pub fn inputs(&self, samples: usize) -> Vec<Vec<u8>> {
        self.golden
            .inputs
            .iter()
            .map(|t| self.tensor(t, samples))
            .collect()
    }

    /// The expected outputs for them.
    pub fn outputs(&self, samples: usize) -> Vec<Vec<u8>> {
        self.golden
            .outputs
            .iter()
            .map(|t| self.tensor(t, samples))
            .collect()
    }

    fn tensor(&self, t: &GoldenTensor, samples: usize) -> Vec<u8> {
        let mut bytes = std::fs::read(self.golden_dir.join(&t.file)).unwrap();
        assert_eq!(bytes.len(), t.bytes_per_sample * self.golden.n_samples);
        bytes.truncate(t.bytes_per_sample * samples);
        bytes
    }

    /// A file of the golden folder.
    pub fn golden_file(&self, name: &str) -> PathBuf {
        self.golden_dir.join(name)
    }
}

/// Our own models; always there.
pub fn own() -> Vec<Model> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models");
    ["digits_int8", "digits_float"]
        .iter()
        .map(|n| Model::load(root.join(format!("{n}.tflite")), root.join("digits/golden")))
        .collect()
}

/// Models beside the repository: folder and stem.
pub const SHARED: [(&str, &str); 13] = [
    ("mlperf_tiny", "kws_int8"),
    ("mlperf_tiny", "vww_int8"),
    ("mlperf_tiny", "resnet_int8"),
    ("mlperf_tiny", "ad_int8"),
    ("extra", "hello_world_int8"),
    ("extra", "person_detect"),
    ("extra", "micro_speech"),
    ("mlperf_tiny", "kws_float"),
    ("mlperf_tiny", "vww_float"),
    ("mlperf_tiny", "resnet_float"),
    ("mlperf_tiny", "ad_float"),
    ("mlperf_tiny", "kws_dynrange"),
    ("extra", "hello_world_float"),
];

/// Our own models and those beside the repository; what is not there is listed as not run.
pub fn all(test: &str) -> Vec<Model> {
    with_shared(own(), test, &SHARED, "tflite")
}

fn with_shared(
    mut models: Vec<Model>,
    test: &str,
    shared: &[(&str, &str)],
    ending: &str,
) -> Vec<Model> {
    for (folder, name) in shared {
        let path = prerequisites::shared(
            &format!("{test} on {name}.{ending}"),
            &format!("models/{folder}/{name}.{ending}"),
        );
        if let Some(path) = path {
            let golden = path.parent().unwrap().join("golden");
            models.push(Model::load(path, golden));
        }
    }
    models
}

/// Our own ONNX models: by folder, stem and folder of goldens.
const OWN_ONNX: [(&str, &str, &str); 7] = [
    ("", "digits_float", "digits/golden"),
    ("torch_digits", "torch_digits_f32", "torch_digits/golden"),
    ("torch_digits", "torch_digits_f32_ts", "torch_digits/golden"),
    ("torch_digits", "torch_digits_qdq_s8", "torch_digits/golden"),
    (
        "torch_digits",
        "torch_digits_qdq_u8s8",
        "torch_digits/golden",
    ),
    (
        "torch_digits",
        "torch_digits_qop_u8s8",
        "torch_digits/golden",
    ),
    ("", "digits_int8", "digits/golden"),
];

/// ONNX models beside the repository.
const SHARED_ONNX: [(&str, &str); 8] = [
    ("mlperf_tiny", "kws_float"),
    ("mlperf_tiny", "vww_float"),
    ("mlperf_tiny", "resnet_float"),
    ("mlperf_tiny", "ad_float"),
    ("mlperf_tiny", "kws_int8"),
    ("mlperf_tiny", "vww_int8"),
    ("mlperf_tiny", "resnet_int8"),
    ("mlperf_tiny", "ad_int8"),
];

/// Our own ONNX models; always there.
pub fn own_onnx() -> Vec<Model> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models");
    let load = |(folder, stem, golden): &(&str, &str, &str)| {
        let path = root.join(folder).join(format!("{stem}.onnx"));
        Model::load(path, root.join(golden))
    };
    OWN_ONNX.iter().map(load).collect()
}

/// Our own ONNX models and those beside the repository; what is not there is listed as not run.
pub fn all_onnx(test: &str) -> Vec<Model> {
    with_shared(own_onnx(), test, &SHARED_ONNX, "onnx")
}
