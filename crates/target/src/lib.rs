//! Target and board descriptions: the core that runs the code, its instruction features, the
//! memories that buffers are placed in, and what simple operations cost.
//!
//! A description is a TOML file (the built-in ones are in `src/data`). A *core* describes a
//! processor; a *board* names a core as its `base` and adds memories. [`Targets`] holds them by name.

mod core;
mod cost;
mod description;
mod error;
mod feature;
mod memory;
mod nearest;
mod reader;
mod registry;
mod section;

pub use crate::core::{Arch, Core, FloatAbi};
pub use cost::{CostTable, SimdCost, VectorCost};
pub use description::{Emulation, ProfileModel, Target, TargetKind};
pub use error::TargetError;
pub use feature::{Feature, FeatureSet};
pub use memory::{Memory, MemoryKind};
pub use nearest::nearest;
pub use registry::Targets;
