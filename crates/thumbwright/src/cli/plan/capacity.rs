//! The value of `--capacity`.

use std::str::FromStr;

/// How many bytes a plan may take.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Capacity {
    /// As few as it can.
    Min,
    /// No more than these.
    Bytes(u64),
}

impl FromStr for Capacity {
    type Err = String;

    fn from_str(text: &str) -> Result<Capacity, String> {
        match text {
            "min" => Ok(Capacity::Min),
            n => match n.parse() {
                Ok(n) => Ok(Capacity::Bytes(n)),
                Err(_) => Err("it is neither a number of bytes nor `min`".to_owned()),
            },
        }
    }
}
