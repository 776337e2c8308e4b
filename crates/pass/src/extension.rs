//! Named places of the default pipeline where third parties put passes.

use std::fmt;

/// A place of the default pipeline.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ExtensionPoint {
    /// The network as imported.
    AfterImport,
    /// The network, canonical; fusion has not begun.
    BeforeFusion,
    /// The network, as it is going to be lowered.
    BeforeLowering,
    /// Kernels and buffers; no buffer has a place yet.
    BeforePlanning,
    /// Everything has its place; the checks of the placement follow.
    BeforeEmission,
}

impl ExtensionPoint {
    /// All, in the order of the pipeline.
    pub const ALL: [ExtensionPoint; 5] = [
        ExtensionPoint::AfterImport,
        ExtensionPoint::BeforeFusion,
        ExtensionPoint::BeforeLowering,
        ExtensionPoint::BeforePlanning,
        ExtensionPoint::BeforeEmission,
    ];

    /// Its name, `after-import`.
    pub fn name(self) -> &'static str {
        match self {
            ExtensionPoint::AfterImport => "after-import",
            ExtensionPoint::BeforeFusion => "before-fusion",
            ExtensionPoint::BeforeLowering => "before-lowering",
            ExtensionPoint::BeforePlanning => "before-planning",
            ExtensionPoint::BeforeEmission => "before-emission",
        }
    }

    /// The place of a name.
    pub fn named(name: &str) -> Option<ExtensionPoint> {
        Self::ALL.into_iter().find(|p| p.name() == name)
    }
}

impl fmt::Display for ExtensionPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
